/** A log without a reader, in a separate process. */
import t from 'tap';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { errorFacts } from '../../../src/watch/show/log-destination.ts';

const opening = `
  import { openLog } from ${JSON.stringify(new URL('../../../src/watch/show/log-destination.ts', import.meta.url).href)};
  const log = openLog({ level: 'info', format: 'json' });
  const text = 'x'.repeat(1000);
`;
const script = `${opening}
  let longest = 0;
  let last = performance.now();
  let rounds = 0;
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
    for (let n = 0; n < 100; n += 1) log.info(text);
    if ((rounds += 1) < 100) return;
    clearInterval(timer);
    process.send(longest);
    process.disconnect();
    process.exit(0);
  }, 5);
`;

/** So many lines at a time, as a pipe takes at once; the next when the reader has these. The last are followed by the end. */
const [linesAtOnce, rounds] = [40, 100];
const pacedScript = `${opening}
  let round = 0;
  const write = () => {
    for (let n = 0; n < ${linesAtOnce}; n += 1) log.info(text);
    if ((round += 1) === ${rounds}) process.exit(0);
  };
  process.on('message', write);
  write();
`;

const newline = 10;

const start = (of: string) =>
  spawn(process.execPath, ['--input-type=module', '-e', of], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });

/** Runs the script; gives the longest pause of its event loop in milliseconds, and its exit code. */
async function runWith(stdout: 'unread' | 'closed'): Promise<{ longest: number; code: number | null }> {
  const child = start(script);
  if (stdout === 'closed') child.stdout?.destroy();
  const [longest] = (await once(child, 'message')) as [number];
  const [code] = (await once(child, 'exit')) as [number | null];
  return { longest, code };
}

t.test('a reader that never reads blocks neither the event loop nor the end', async (t) => {
  const { longest, code } = await runWith('unread');
  t.equal(code, 0);
  t.ok(longest < 10_000, `${longest} ms`);
});

t.test('a reader that has gone away is not an error', async (t) => {
  t.equal((await runWith('closed')).code, 0);
});

t.test('a reader that reads gets every line, including those at the end', async (t) => {
  const child = start(pacedScript);
  let [lines, asked] = [0, 1];
  child.stdout?.on('data', (chunk: Buffer) => {
    lines += chunk.filter((byte) => byte === newline).length;
    if (lines < linesAtOnce * asked || asked === rounds) return;
    asked += 1;
    child.send('more');
  });
  // Not the end of the process: what it wrote last may still have to be read.
  t.strictSame(await once(child, 'close'), [0, null]);
  t.equal(lines, linesAtOnce * rounds);
});

t.test('the line for an error has its type and place, not the data it was handling', async (t) => {
  const error = Object.assign(new Error('OOM'), {
    code: 'E1',
    command: { name: 'hset', args: ['key', 'secret'] },
  });
  const facts = errorFacts(error);
  t.match(facts, { type: 'Error', message: 'OOM', code: 'E1', stack: /log-destination/ });
  t.notMatch(JSON.stringify(facts), 'secret');
  t.strictSame(errorFacts('thrown as text'), { message: 'thrown as text' });
});
