/** `npm test` runs every test file once, and an error that nothing catches fails the test that it belongs to. */
import t from 'tap';
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../architecture/tree.ts';
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

const erring = `
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
t.test('around', async (t) => {
  t.jobs = 3;
  t.test('throws later', async () => { setTimeout(() => { throw new Error('thrown'); }, 1); await delay(200); });
  t.test('rejects', async () => { void Promise.reject(new Error('rejected')); await delay(200); });
  t.test('throws when it is over', async (t) => { setTimeout(() => { throw new Error('late'); }, 100); t.pass('so far'); });
  t.test('goes well', async (t) => { await delay(200); t.pass('to its end'); });
});
`;

t.test('an uncaught error fails its own test, and the one around it when that is over', async (t) => {
  const file = join(t.testdir({ 'erring.mjs': erring }), 'erring.mjs');
  const args = ['--import', './scripts/test-process.mjs', file];
  const { stdout } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  const results = [...stdout.matchAll(/^ +(not ok|ok) \d+ - (.+?)(?: # .*)?$/gm)];
  t.strictSame(
    results.map(([, result, name]) => `${result ?? ''}: ${name ?? ''}`),
    [
      ...['not ok: thrown', 'not ok: throws later', 'not ok: rejected', 'not ok: rejects'],
      ...['ok: so far', 'ok: throws when it is over', 'ok: to its end', 'ok: goes well', 'not ok: late'],
    ],
  );
});
