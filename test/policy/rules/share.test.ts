/** Who is in the share of a rollout. */
import t from 'tap';
import {
  everybody,
  isInShare,
  type RolloutScope,
  scopeIn,
  sharesOf,
} from '../../../src/policy/rules/share.ts';
import type { Identity } from '../../../src/policy/identity/identity.ts';
import { configIn, upstream } from '../../config/fixture.ts';

const known = (user: string): Identity => ({
  kind: 'known',
  partition: `digest of ${user}`,
  user,
  claims: undefined,
  ignored: new Map(),
  cookies: [],
  tokenFields: [],
  session: undefined,
  isStillGood: () => true,
});
const people = Array.from({ length: 4000 }, (_, at) => known(`user ${at}`));
const key = 'a key';
const chosen = (percent: number, salt = 'a', by: 'identity' | 'key' = 'identity'): Set<Identity> =>
  new Set(people.filter((identity) => isInShare({ percent, by, salt }, { identity, plan: { key } })));

t.test('a share is as large as asked, and a larger one drops nobody', async (t) => {
  let before = chosen(0);
  t.equal(before.size, 0);
  for (const percent of [0.5, 5, 25, 50, 100]) {
    const now = chosen(percent);
    t.ok(Math.abs(now.size / people.length - percent / 100) < 0.02, `${percent} %: ${now.size}`);
    t.equal([...before].filter((one) => !now.has(one)).length, 0, 'nobody is dropped');
    before = now;
  }
  const quarter = chosen(25);
  const both = [...chosen(25, 'b')].filter((one) => quarter.has(one)).length;
  t.ok(both > 150 && both < 350, 'another salt chooses others');
});

t.test(
  'a person is on one side for all pages; anonymous clients are told apart by the page alone',
  async (t) => {
    const share = { percent: 50, by: 'identity', salt: 's' } as const;
    const sides = (identity: Identity, by: 'identity' | 'key' = 'identity'): Set<boolean> =>
      new Set(people.map((_, at) => isInShare({ ...share, by }, { identity, plan: { key: `key ${at}` } })));
    t.equal(sides(known('dana')).size, 1);
    t.equal(sides({ kind: 'anonymous' }).size, 2);
    t.equal(sides(known('dana'), 'key').size, 2);
    t.strictSame([...sides({ kind: 'doubt', reason: 'bad-token' })], [false]);
    const doubt = { identity: { kind: 'doubt', reason: 'bad-token' }, plan: { key } } as const;
    t.ok(isInShare(everybody, doubt));
  },
);

t.test('the narrowest rollout counts, and a live percentage stands in for the file’s', async (t) => {
  const config = configIn(`${upstream}rollout: { percent: 5 }
content_types: { a: { rollout: { percent: 10 } }, b: {} }
routes: [{ match: GET /1, type: a, rollout: { percent: 20 } }, { match: GET /2, type: a }, { match: GET /3, type: b }]
`);
  const shares = sharesOf(config, new Map([['type a', 11]] as const));
  const percentOf = (pattern: string): number => {
    const route = config.routes.find((one) => one.pattern === pattern);
    const contentType = config.contentTypes.get(route?.type ?? '');
    return contentType === undefined ? -1 : shares({ contentType, route, params: {}, tags: [] }).percent;
  };
  t.strictSame(['/1', '/2', '/3'].map(percentOf), [20, 11, 5]);
  t.equal(scopeIn(new Set<RolloutScope>(['type a']), { contentType: 'b', route: undefined }), undefined);
});
