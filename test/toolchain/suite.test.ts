/** `npm test` runs every test file once. */
import t from 'tap';
import { globSync } from 'node:fs';
import { filesOf, groups, tests } from '../suite/groups.ts';

t.test('every test file is in one group', async (t) => {
  const all = globSync('**/*.test.ts', { cwd: tests, exclude: ['suite/**'] });
  t.ok(all.length > 250);
  t.strictSame(groups.flatMap(filesOf).toSorted(), all.toSorted());
});

t.test('every group is run by a file of its name', async (t) => {
  const run = globSync('suite/**/*.test.ts', { cwd: tests });
  t.strictSame(
    run.map((path) => path.replace(/^.*\//, '').replace('.test.ts', '')).toSorted(),
    groups.toSorted(),
  );
});
