/** cli/watch-file.ts: every change of a file is noticed, however it was made. */
import { mkdtemp, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { watchContent } from '../../src/cli/watch-file.ts';

async function watched(t: Test, known: string) {
  const file = join(await mkdtemp(join(tmpdir(), 'watch-')), 'rules.yaml');
  await writeFile(file, 'one');
  let changes = 0;
  t.teardown(watchContent(file, { known, onChange: () => (changes += 1) }));
  return {
    file,
    told: (count: number) => eventually('it is told', () => changes >= count),
    changes: () => changes,
  };
}

t.test('a change between reading and watching is noticed', async (t) => {
  const { told, changes } = await watched(t, 'what was there before');
  await told(1);
  t.equal(changes(), 1);
});

t.test('a file written in place and one replaced by a rename are each noticed once', async (t) => {
  const { file, told, changes } = await watched(t, 'one');
  await writeFile(file, 'two');
  await told(1);
  await writeFile(`${file}.new`, 'three');
  await rename(`${file}.new`, file);
  await told(2);
  t.equal(changes(), 2);
});
