/** policy/rule-digest.ts: another digest for what is stored otherwise, the same for what is not. */
import t from 'tap';
import { ruleDigest } from '../../src/policy/rule-digest.ts';
import { configOf } from './config-of.ts';

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
  'lifetimes of all': { ttl: '{ default: 60s, max: 50s }' },
  scope: { page: '{ scope: user, statuses: { 200: 60s }, tags: [a] }' },
  'the lifetime of one status': { page: '{ scope: public, statuses: { 200: 61s }, tags: [a] }' },
  'a tag of the type': { page: '{ scope: public, statuses: { 200: 60s }, tags: [a, b] }' },
  'a tag of the route': { routes: '[{ match: GET /p/:id, type: page, tags: ["p:{id}"] }]' },
};

for (const [name, change] of Object.entries(others)) {
  t.test(`${name}: another digest`, async (t) => {
    t.not(digestOf(change), digestOf());
  });
}

t.test('lines moved, other routes, other types: the same digest', async (t) => {
  t.equal(digestOf({}, '# a comment\n\n'), digestOf());
  t.equal(
    digestOf({
      routes: '[{ match: GET /x, type: other }, { match: GET /p/:id, type: page, tags: ["page:{id}"] }]',
    }),
    digestOf(),
  );
});
