/** A log without a reader, in a separate process. */
import t from 'tap';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { errorFacts } from '../../../src/watch/show/log-destination.ts';

const script = `
  import { openLog } from ${JSON.stringify(new URL('../../../src/watch/show/log-destination.ts', import.meta.url).href)};
  const log = openLog({ level: 'info', format: 'json' });
  const text = 'x'.repeat(1000);
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

/** Runs the script; gives the longest pause of its event loop in milliseconds, and its exit code. */
async function runWith(
  stdout: 'unread' | 'closed' | 'read',
): Promise<{ longest: number; code: number | null; bytes: number }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  let bytes = 0;
  if (stdout === 'read') child.stdout?.on('data', (chunk: Buffer) => (bytes += chunk.length));
  else if (stdout === 'closed') child.stdout?.destroy();
  const [longest] = (await once(child, 'message')) as [number];
  const [code] = (await once(child, 'exit')) as [number | null];
  return { longest, code, bytes };
}

t.test('a reader that never reads blocks neither the event loop nor the end', async (t) => {
  const { longest, code } = await runWith('unread');
  t.equal(code, 0);
  t.ok(longest < 1500, `${longest} ms`);
});

t.test('a reader that has gone away is not an error', async (t) => {
  t.equal((await runWith('closed')).code, 0);
});

t.test('a reader that reads gets every line, including those at the end', async (t) => {
  const { bytes, code } = await runWith('read');
  t.equal(code, 0);
  t.ok(bytes > 10_000 * 1000);
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
