/** The learned map from writes to pages, by simulation with a seeded generator: causes, companions and decoys. */
import t from 'tap';
import { parseConfig } from '../../../src/config/schema/check.ts';
import { type EpochMs, epochMs } from '../../../src/kit/time.ts';
import { compileRules } from '../../../src/policy/rules/rules.ts';
import { missingWriteAdvice, needlessWriteAdvices } from '../../../src/trust/advice/write-advice.ts';
import { WriteEffects } from '../../../src/trust/advice/write-effects.ts';
import type { WriteSeen } from '../../../src/trust/writes-seen.ts';
import { seeded } from './seeded.ts';

const rules = `
content_types: { page: { tags: [pages], scope: public }, own: { } }
routes: [{ match: GET /list, type: page }, { match: GET /live, type: page }, { match: GET /own, type: own }]
writes:
  - { name: tag, match: POST /tag/:n, invalidate: [other] }
  - { name: prefs, match: POST /prefs, when: { json: { /a: only } }, invalidate: [] }
  - { match: POST /prefs, invalidate: [one, two] }
`;

function given() {
  const parsed = parseConfig(rules, { file: 'x', env: {}, upstreamMayBeMissing: true });
  if (parsed.kind !== 'ok') throw new Error(JSON.stringify(parsed.problems));
  return { config: parsed.config, rules: compileRules(parsed.config), page: '/list' };
}

/** An hour is looked at every 20 s or so; `changes` says which writes change which route. */
function simulated(seed: number, changes: Readonly<Record<string, string>>) {
  const draw = seeded(seed);
  const writes: WriteSeen[] = [];
  const effects = new WriteEffects((from, to) => writes.filter(({ at }) => at > from && at <= to));
  const changedAt: Record<string, number> = {};
  const lookedAt: Record<string, number> = {};
  const note = (pattern: string, at: number): void => {
    writes.push({ at: epochMs(at), method: 'POST', pattern });
    const route = changes[pattern];
    if (route !== undefined) changedAt[route] = at;
  };
  for (let at = 0; at < 4 * 3_600_000; at += 1000) {
    if (draw() < 0.01) {
      note('/save', at);
      // Most saves are followed by a ping, and some pings come alone.
      if (draw() < 0.7) note('/ping', at + 1);
    }
    if (draw() < 0.004) note('/ping', at);
    if (draw() < 0.01) note('/tag/{n}', at);
    if (draw() < 0.05) changedAt['/live'] = at;
    for (const route of ['/list', '/live'])
      if (draw() < 0.05) {
        const from = (lookedAt[route] ?? 0) as EpochMs;
        const looked = { contentType: 'page', route, from, to: epochMs(at) };
        effects.saw({
          ...looked,
          hasChanged: (changedAt[route] ?? 0) > from && (changedAt[route] ?? 0) <= at,
        });
        lookedAt[route] = at;
      }
  }
  return effects.all().flatMap((effect) => missingWriteAdvice(effect, given()) ?? []);
}

t.test(
  'a write that changes a page is found; its companion and the page that always changes are not',
  async (t) => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const found = simulated(seed, { '/save': '/list' });
      t.same(
        found.map(({ id }) => id),
        ['missing-write:POST /save:/list'],
        `seed ${seed}`,
      );
      t.match(found, [
        {
          patch: {
            op: 'add',
            path: ['writes'],
            value: { match: 'POST /save', invalidate: ['pages', 'user:{user}'] },
          },
          example: { request: 'POST /save', expect: { ends: 'GET /list' } },
        },
      ]);
      t.same(simulated(seed, {}), [], `without a cause nothing is found, seed ${seed}`);
    }
  },
);

t.test(
  'a write with a rule gets the tag; where several rules may apply, nobody can tell which',
  async (t) => {
    t.match(simulated(7, { '/tag/{n}': '/list' }), [
      {
        id: 'missing-write:POST /tag/{n}:/list',
        patch: { path: ['writes', 0, 'invalidate'], value: 'pages', from: 'tag' },
      },
    ]);
    const effect = {
      ...{
        contentType: 'page',
        route: '/list',
        write: { method: 'POST', pattern: '/prefs' },
        writes: 50,
        lastWriteAt: 0,
      },
      ...{ within: { intervals: 50, changed: 50 }, alone: { intervals: 50, changed: 50 } },
      shifted: { intervals: 50, changed: 0 },
      all: { intervals: 150, changed: 50 },
    };
    t.equal(missingWriteAdvice(effect, given()), undefined);
    const odd = { ...effect, write: { method: 'POST', pattern: '/a*b' } };
    t.equal(missingWriteAdvice(odd, given()), undefined, 'a path that is a pattern');
    t.ok(
      missingWriteAdvice({ ...effect, write: { method: 'PUT', pattern: '/{n}/{id}' } }, given()),
      'the same otherwise',
    );
  },
);

t.test('a rule whose only tag ends what never changes, by table', async (t) => {
  for (const { same, changed, rule, ids } of [
    { same: 400, changed: 0, rule: 'tag', ids: ['needless-write:tag'] },
    { same: 300, changed: 0, rule: 'tag', ids: [] },
    { same: 4000, changed: 1, rule: 'tag', ids: [] },
    { same: 400, changed: 0, rule: 'POST /prefs', ids: [] },
  ])
    t.same(
      needlessWriteAdvices(given().config, new Map([[rule, { same, changed }]])).map(({ id }) => id),
      ids,
      `${rule}: ${same} same, ${changed} changed`,
    );
});
