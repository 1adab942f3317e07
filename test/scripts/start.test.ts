/** `npm start` on a fresh machine: the app, the proxy, and three lines that show what it does. */
import t, { type Test } from 'tap';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startOrigin } from '../cli/command.ts';

type Started = {
  readonly process: ChildProcess;
  readonly printed: string;
  readonly code: Promise<number | null>;
};

/** Most of PostgreSQL's code runs once or twice: to optimize it takes half of the start. */
const unoptimized = ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering'];

/** Starts it and waits until it has said all, or has ended. */
async function start(t: Test, args: readonly string[]): Promise<Started> {
  const command = [...unoptimized, 'scripts/start.ts', '--data', t.testdir(), ...args];
  const child = spawn(process.execPath, command, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, SHELFLIFE_TOKEN: '' },
  });
  const code = once(child, 'close').then(([given]) => given as number | null);
  t.teardown(async () => {
    child.kill('SIGTERM');
    await code;
  });
  let printed = '';
  const saidAll = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        printed += chunk.toString();
        if (printed.includes('Ctrl-C')) resolve();
      });
    }
  });
  await Promise.race([saidAll, code]);
  return { process: child, printed, code };
}

async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `127.0.0.1:${port}`;
}

const addressed = async (): Promise<string[]> => [
  '--listen',
  await freeAddress(),
  '--control',
  await freeAddress(),
];

const sh = async (line: string): Promise<string> => (await promisify(execFile)('sh', ['-c', line])).stdout;

t.test(
  'the three lines show a miss, a hit, and a miss again after a write; then it stops cleanly',
  async (t) => {
    const { printed, process: child, code } = await start(t, ['--snippets', '500', ...(await addressed())]);
    for (const what of ['site  ', 'control  ', 'token  ', 'log in as   demo']) t.match(printed, what);
    const jar = join(t.testdirName, '..', `cookies-${process.pid}`);
    const lines = printed.split('\n').filter((line) => line.startsWith('  curl'));
    t.equal(lines.length, 3);
    const shown: string[] = [];
    for (const line of lines) shown.push(await sh(line.replaceAll(/\/tmp\/[\w-]+/g, jar)));
    await sh(`rm -f ${jar}`);
    t.match(shown, [/fwd=uri-miss; stored/, /hit; ttl=\d+/, /fwd=uri-miss; stored/]);
    child.kill('SIGINT');
    t.equal(await code, 0);
  },
);

t.test('--upstream puts the proxy in front of another app', async (t) => {
  const upstream = await startOrigin(t);
  const { printed } = await start(t, ['--upstream', upstream, ...(await addressed())]);
  const site = /site +(\S+)/.exec(printed)?.[1] ?? '';
  t.match((await fetch(site)).headers.get('cache-status'), 'uri-miss; stored');
});

t.test('a port in use is reported in a line that names the option', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const { printed, code } = await start(t, [
    '--listen',
    `127.0.0.1:${port}`,
    '--control',
    await freeAddress(),
  ]);
  t.equal(printed, `shelflife: 127.0.0.1:${port} is in use; choose another with --listen HOST:PORT\n`);
  t.equal(await code, 1);
});
