/** Who is started, watched and replaced: with real processes that do nothing but what a case needs. */

import { fork as forkProcess, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import pino from 'pino';
import t, { type Test } from 'tap';
import { systemClock } from '../../src/kit/time.ts';
import { Crew, type Worker } from '../../src/workers/crew.ts';
import { eventually } from '../helpers/eventually.ts';

/** Says what it is told to say, and answers questions unless it is to hang. */
const script = `
const [, , hangs, ...said] = process.argv;
process.on('message', (batch) => {
  for (const { kind, id } of hangs === 'hangs' ? [] : batch) if (kind === 'question') process.send([{ kind: 'answer', id }]);
});
for (const kind of said) process.send([{ kind: 'message', message: { kind } }]);
`;

/** Twice as fast as the system's. */
let aheadMs = 0;
const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() * 2 + aheadMs };

type Fork = (start: number, file: string) => ChildProcess;
const normal: Fork = (_start, file) => forkProcess(file, ['answers', 'join', 'listening']);

async function crewOf(t: Test, forkOne: Fork) {
  const file = join(t.testdir({ 'worker.cjs': script }), 'worker.cjs');
  const ended: Worker[] = [];
  const processes: ChildProcess[] = [];
  let starts = 0;
  const crew = new Crew({
    ...{ count: 1, clock, log: pino({ level: 'silent' }) },
    fork: () => {
      starts += 1;
      const forked = forkOne(starts, file);
      processes.push(forked);
      return forked;
    },
    begin: ({ name, number: worker }) => ({
      ...{ kind: 'begin', worker, workers: 1, name, text: { first: '', inForce: '' }, addresses: {} },
    }),
    onReady: () => undefined,
    onMessage: () => undefined,
    answersTo: () => ({ want: () => ({ kind: 'fetch' }) }),
    onEnded: (worker) => ended.push(worker),
  });
  t.teardown(async () => {
    const stopped = crew.stop();
    processes.at(-1)?.kill('SIGKILL');
    await stopped;
  });
  await crew.start();
  return { crew, ended, processes };
}

const replacedAfter = async (t: Test, forkOne: Fork): Promise<number> => {
  const { crew, ended, processes } = await crewOf(t, (start, file) => {
    return start === 2 ? forkOne(start, file) : normal(start, file);
  });
  processes[0]?.kill('SIGKILL');
  await eventually('another serves', () => crew.replaced > 0 && crew.ready.length === 1);
  return ended.length;
};

t.test('a worker that hangs when it hears of purges, but does not serve yet, is killed', async (t) => {
  t.equal(await replacedAfter(t, (_start, file) => forkProcess(file, ['hangs', 'join'])), 2);
});

t.test(
  '17.1: a worker that hangs before it hears of purges is killed a minute after its start',
  async (t) => {
    const hanging: Fork = (_start, file) => {
      const forked = forkProcess(file, ['hangs']);
      forked.once('spawn', () => (aheadMs += 61_000));
      return forked;
    };
    t.equal(await replacedAfter(t, hanging), 2);
  },
);

t.test('a worker that the system cannot start is started again', async (t) => {
  const missing: Fork = (_start, file) => forkProcess(file, [], { execPath: '/nonexistent/node' });
  t.equal(await replacedAfter(t, missing), 2);
  const refused: Fork = () => {
    throw new Error('spawn ENOMEM');
  };
  t.equal(await replacedAfter(t, refused), 1);
});
