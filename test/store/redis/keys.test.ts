import t from 'tap';
import { redisKeys } from '../../../src/store/redis/keys.ts';
import { keyOf } from '../entry.ts';

const keys = redisKeys('app');
const key = keyOf('page');

t.test('all names begin with the prefix, and no two are the same', async (t) => {
  const { log, instances, owner } = keys;
  const names = [
    log,
    instances,
    owner,
    keys.entry(key),
    keys.fill(key),
    keys.job('a'),
    keys.learned('a'),
    keys.notes('a'),
  ];
  for (const name of names) t.ok(name.startsWith('app:'), name);
  t.equal(new Set(names).size, names.length);
});

t.test('what is used together shares a slot of a Cluster', async (t) => {
  const tagOf = (name: string): string | undefined => /\{(.+?)\}/.exec(name)?.[1];
  t.strictSame([keys.log, keys.instances, keys.owner].map(tagOf), ['log', 'log', 'log']);
  t.equal(tagOf(keys.entry(key)), key);
  t.equal(tagOf(keys.fill(key)), key);
});

t.test('the key is read back from an entry’s name, from no other', async (t) => {
  t.equal(keys.keyOf(keys.entry(key)), key);
  const other = redisKeys('other').entry(key);
  for (const name of [
    keys.fill(key),
    keys.log,
    other,
    `${keys.entry(key)}x`,
    keys.entry(key).replace(/:e\d+:/, ':e0:'),
  ])
    t.equal(keys.keyOf(name), undefined, name);
});
