/** Needless splits of stored responses are found, even if clients choose URLs to make the search expensive. */
import t from 'tap';
import { findSplits } from '../../../src/watch/count/splits.ts';
import { entryBut } from '../../store/entry.ts';

const body = Buffer.from('the same');
const at = (target: string) => entryBut({ target, body }, target);
const nothing = (): readonly string[] => [];
const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

t.test('URLs with thousands of parameters cost no more than others, and hide nothing', async (t) => {
  const many = Array.from({ length: 1600 }, (_, index) => `k${index.toString(36)}`).join('&');
  const hostile = Array.from({ length: 60 }, (_, index) => at(`/a?x=${index}&${many}`));
  const plain = ['a', 'b'].map((campaign) => at(`/b?utm=${campaign}&page=1`));
  const before = cpuSeconds();
  const { query } = findSplits([...hostile, ...plain], nothing);
  t.ok(cpuSeconds() - before < 5, 'half a second for each of them would be half a minute');
  t.match(query, [{ path: '/b', parameter: 'utm', entries: 2 }]);
  t.equal(query.length, 1);
});

t.test('large bodies are compared until the limit is reached', async (t) => {
  const large = Buffer.alloc(4 * 1024 ** 2);
  const entries = Array.from({ length: 200 }, (_, index) =>
    entryBut({ target: `/d?n=${index}`, body: large }, String(index)),
  );
  const [split] = findSplits(entries, nothing).query;
  t.equal(split?.parameter, 'n');
  t.ok((split?.entries ?? 0) <= 16, '64 MiB of them');
});
