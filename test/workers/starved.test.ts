/** Which silence of a worker is not its own: it waits for the processor. */

import { once } from 'node:events';
import { spawn } from 'node:child_process';
import t from 'tap';
import { readRun, type Run, runOf, waitedMs } from '../../src/workers/starved.ts';
import { eventually } from '../helpers/eventually.ts';

const before: Run = { state: 'R', ranMs: 1000 };

t.test('17.1: time in which a worker waits for the processor is not held against it', (t) => {
  const cases: readonly [what: string, before: Run | undefined, now: Run | undefined, waited: number][] = [
    ['it wants to run and did not', before, { state: 'R', ranMs: 1000 }, 500],
    ['it wants to run and did for a tenth', before, { state: 'R', ranMs: 1050 }, 450],
    ['an endless loop on a machine with time for it', before, { state: 'R', ranMs: 1500 }, 0],
    ['several ticks at once', before, { state: 'R', ranMs: 1510 }, 0],
    ['it is stopped', before, { state: 'T', ranMs: 1000 }, 0],
    ['it is traced', before, { state: 't', ranMs: 1000 }, 0],
    ['it waits for something that does not come', before, { state: 'S', ranMs: 1000 }, 0],
    ['it waits for a disk', before, { state: 'D', ranMs: 1000 }, 0],
    ['it has ended', before, { state: 'Z', ranMs: 1000 }, 0],
    ['it is seen for the first time', undefined, { state: 'R', ranMs: 1000 }, 0],
    ['nothing is known of it', before, undefined, 0],
  ];
  for (const [what, earlier, now, waited] of cases) t.equal(waitedMs(500, earlier, now), waited, what);
  t.end();
});

t.test('17.1: what /proc says of a process is read, whatever its name', async (t) => {
  const line = '12 (a) R 1) b) T 1 12 12 0 -1 4194304 100 0 0 0 25 17 0 0 20 0 11 0 500 1 1';
  t.strictSame(readRun(line), { state: 'T', ranMs: 420 });
  t.equal(runOf(undefined), undefined);
  t.equal(runOf(2 ** 22 + 1), undefined, 'no process has this number');
  const child = spawn('sleep', ['600']);
  t.teardown(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  process.kill(child.pid ?? 0, 'SIGSTOP');
  await eventually('it is stopped', () => runOf(child.pid)?.state === 'T');
});
