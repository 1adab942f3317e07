/** policy/rule-digest.ts: the digest changes exactly when the rule stores differently. */
import t from 'tap';
import { ruleDigest } from '../../../src/policy/key/rule-digest.ts';
import { configOf } from '../config-of.ts';

const base = {
  identity: '{ credentials: [session] }',
  ttl: '{ default: 60s }',
  page: '{ scope: public, statuses: { 200: 60s }, tags: [a] }',
  routes: '[{ match: GET /p/:id, type: page, tags: ["page:{id}"] }]',
};

function digestOf(change: Partial<typeof base> = {}, before = ''): string {
  const { identity, ttl, page, routes } = { ...base, ...change };
  const config = configOf(
    `${before}identity: ${identity}\nttl: ${ttl}\ncontent_types: { page: ${page}, other: { ttl: 5s } }\nroutes: ${routes}\n`,
  );
  const contentType = config.contentTypes.get('page');
  if (contentType === undefined) throw new Error('no such type');
  return ruleDigest(config, contentType);
}

const others: Readonly<Record<string, Partial<typeof base>>> = {
  'who is who': { identity: '{ credentials: [session, remember_me] }' },
  scope: { page: '{ scope: user, statuses: { 200: 60s }, tags: [a] }' },
  'what is stored': { page: '{ scope: public, statuses: { 200: 60s, 404: 60s }, tags: [a] }' },
  'whose word counts': {
    page: '{ scope: public, statuses: { 200: 60s }, tags: [a], cache_control: override }',
  },
  'a tag of the type': { page: '{ scope: public, statuses: { 200: 60s }, tags: [a, b] }' },
  'a tag of the route': { routes: '[{ match: GET /p/:id, type: page, tags: ["p:{id}"] }]' },
};

for (const [name, change] of Object.entries(others)) {
  t.test(`${name}: another digest`, async (t) => {
    t.not(digestOf(change), digestOf());
  });
}

const lifetimes: Readonly<Record<string, Partial<typeof base>>> = {
  'of all': { ttl: '{ default: 60s, max: 50s }' },
  'of one status': { page: '{ scope: public, statuses: { 200: 61s }, tags: [a] }' },
  'of the type': {
    page: '{ scope: public, statuses: { 200: 60s }, tags: [a], ttl: 7s, min: 1s, max: 9s, stale_if_error: 5s, stale_while_revalidate: 5s }',
  },
  'as each request finds it': {
    page: '{ scope: public, statuses: { 200: 60s }, tags: [a], stale_after: 1s, refresh_ahead: true, client_reload: ignore }',
  },
};

for (const [name, change] of Object.entries(lifetimes)) {
  t.test(`13.8: a lifetime ${name}: the same digest`, async (t) => {
    t.equal(digestOf(change), digestOf());
  });
}

const twoRoutes = (first: string, second: string): Partial<typeof base> => ({
  routes: `[{ match: GET /p/:id, type: page, tags: ["${first}"] }, { match: GET /q/:id, type: page, tags: ["${second}"] }, { match: GET /r/:id, type: page }]`,
});

t.test('a route has the tags that another had: another digest', async (t) => {
  t.not(digestOf(twoRoutes('a', 'b')), digestOf(twoRoutes('b', 'a')));
  const third = 'match: GET /r/:id, type: page';
  const { routes = '' } = twoRoutes('a', 'a');
  t.not(digestOf({ routes: routes.replace(third, `${third}, tags: [a]`) }), digestOf({ routes }));
});

t.test('a pattern gives a tag another value: another digest', async (t) => {
  const at = (pattern: string) => ({
    routes: `[{ match: "GET ${pattern}", type: page, tags: ["page:{id}"] }]`,
  });
  t.not(digestOf(at('/p/:id/:part')), digestOf(at('/p/:part/:id')));
});

t.test('if no route has tags, the set of routes does not matter', async (t) => {
  const one = '[{ match: GET /p/:id, type: page }]';
  const two = '[{ match: GET /p/:id, type: page }, { match: GET /q, type: page }]';
  t.equal(digestOf({ routes: one }), digestOf({ routes: two }));
});

t.test('lines moved, other routes, other types: the same digest', async (t) => {
  t.equal(digestOf({}, '# a comment\n\n'), digestOf());
  t.equal(
    digestOf({
      routes: '[{ match: GET /x, type: other }, { match: GET /p/:id, type: page, tags: ["page:{id}"] }]',
    }),
    digestOf(),
  );
});

t.test('the fields that tags and lifetimes are read from count; what is removed does not', async (t) => {
  t.equal(digestOf({}, 'accept: { remove: [xkey], purges: [] }\n'), digestOf());
  t.not(digestOf({}, 'accept: { tags: [xkey] }\n'), digestOf());
  t.not(digestOf({}, 'accept: { lifetimes: [x-accel-expires] }\n'), digestOf());
});
