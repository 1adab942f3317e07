import { hash } from 'node:crypto';
import t from 'tap';
import { epochMs } from '../../src/kit/time.ts';
import { ruleLifetime } from '../../src/policy/lifetime/ttl.ts';
import { configOf } from '../policy/config-of.ts';

const facts = {
  requestFields: [],
  query: undefined,
  status: 200,
  responseFields: [],
  bodyBytes: 2,
  body: () => Buffer.from('ok'),
  access: 'low',
  claims: undefined,
  modifiedAt: undefined,
  originBound: undefined,
} as const;

t.test('five thousand entries stored in the same second do not expire in the same second', async (t) => {
  const config = configOf('content_types: { page: { ttl: 300s } }');
  const contentType = config.contentTypes.get('page');
  if (contentType === undefined) throw new Error('there is no such type');
  const now = epochMs(Date.parse('2026-03-10T10:00:00Z'));
  const perSecond = new Map<number, number>();
  for (let index = 0; index < 5000; index += 1) {
    const jitterKey = hash('sha256', `key ${index}`, 'hex');
    const { lifetime } = ruleLifetime({ ttl: config.ttl, contentType, now, jitterKey, facts });
    perSecond.set(lifetime, (perSecond.get(lifetime) ?? 0) + 1);
  }
  t.ok(perSecond.size >= 29, `they expire in ${perSecond.size} different seconds`);
  t.ok(Math.max(...perSecond.values()) < 300, 'none of which has more than a twentieth of them');
});
