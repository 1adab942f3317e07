/** Listening sockets that another process has made, as systemd passes them. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type ListenOptions } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { allocator } from '../../../src/cli/keep-memory-bound.ts';
import { passedSockets } from '../../../src/proxy/listen/bind-systemd.ts';
import { fileOf, startOrigin } from '../../cli/command.ts';
import { eventually } from '../../helpers/eventually.ts';
import { requestText } from '../../helpers/raw-client.ts';

t.test('which sockets are passed to the process 7', (t) => {
  const none = { kind: 'none', reason: 'no-socket-passed' };
  const another = { kind: 'none', reason: 'passed-to-another-process' };
  const cases = [
    [
      { LISTEN_FDS: '1', LISTEN_PID: '7' },
      { kind: 'passed', descriptors: [3] },
    ],
    [
      { LISTEN_FDS: '2', LISTEN_PID: '7', LISTEN_FDNAMES: 'a:b' },
      { kind: 'passed', descriptors: [3, 4] },
    ],
    [{}, none],
    [{ LISTEN_PID: '7' }, none],
    ...['0', '-1', '', '1x', '1025'].map((LISTEN_FDS) => [{ LISTEN_FDS, LISTEN_PID: '7' }, none]),
    [{ LISTEN_FDS: '1', LISTEN_PID: '8' }, another],
    [{ LISTEN_FDS: '1', LISTEN_PID: '' }, another],
    [{ LISTEN_FDS: '1' }, another],
  ] as const;
  for (const [env, expected] of cases) t.strictSame(passedSockets(env, 7), expected, JSON.stringify(env));
  t.end();
});

const cli = join(import.meta.dirname, '..', '..', '..', 'src', 'cli.ts');

/** Sets `LISTEN_PID` as systemd does: in the process that becomes the service. */
const become = 'echo "pid $$"; LISTEN_PID=${GIVEN_PID:-$$} exec "$@"';
/** Keeps the sockets 3 and 4, and starts the service on them for each line it reads. */
const manager = `while read -r file; do sh -c '${become}' sh "$@" -c "$file" </dev/null; echo "ended $?"; done`;

/** A listening socket that is only passed on: this process closes its own and accepts nobody. */
async function listening(at: ListenOptions) {
  const server = createServer().listen(at);
  await once(server, 'listening');
  const { path } = at;
  const leave = (): void => {
    // Closing a server removes the file of its Unix socket.
    if (path !== undefined) renameSync(path, `${path}.kept`);
    server.close(() => {
      if (path !== undefined) renameSync(`${path}.kept`, path);
    });
  };
  // Node has no documented name for it.
  const { fd: descriptor } = (server as unknown as { _handle: { fd: number } })._handle;
  return { server, descriptor, leave };
}

/** The service manager, and what the services say. */
async function startManager(t: Test, path: string) {
  const tcp = await listening({ host: '127.0.0.1', port: 0 });
  const unix = await listening({ path });
  const child = spawn('sh', ['-c', manager, 'sh', process.execPath, cli, 'serve', '--listen', 'systemd'], {
    env: { ...process.env, ...allocator, LISTEN_FDS: '2' },
    stdio: ['pipe', 'pipe', 'inherit', tcp.descriptor, unix.descriptor],
  });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('no pipes');
  const { port } = tcp.server.address() as AddressInfo;
  for (const { leave } of [tcp, unix]) leave();
  await Promise.all([once(tcp.server, 'close'), once(unix.server, 'close')]);
  const lines: string[] = [];
  createInterface(stdout).on('line', (line) => lines.push(line));
  let pid = 0;
  const stop = async (): Promise<string | undefined> => {
    const isEnd = (line: string): boolean => line.startsWith('ended ');
    if (pid !== 0 && !lines.some(isEnd)) process.kill(pid, 'SIGTERM');
    await eventually('it ends', () => lines.some(isEnd));
    pid = 0;
    return lines.splice(0).find(isEnd);
  };
  t.teardown(async () => {
    if (lines.length > 0) await stop();
    stdin.end();
    child.kill('SIGKILL');
  });
  const start = async (file: string): Promise<void> => {
    stdin.write(`${file}\n`);
    await eventually('it serves', () => lines.some((line) => line.includes('control listening')));
    pid = Number(/^pid (\d+)$/.exec(lines[0] ?? '')?.[1]);
  };
  return { port, start, stop, said: () => lines.join('\n') };
}

/** A client that has connected and sent its request; nobody need have accepted it. */
async function sent(to: { readonly port: number } | { readonly path: string }): Promise<Promise<string>> {
  const socket = connect(to);
  await once(socket, 'connect');
  socket.write(requestText({ target: '/a', lines: ['Connection: close'] }));
  return text(socket);
}

t.test(
  '19.4: clients wait in the sockets of systemd until a proxy is there, one after the other',
  async (t) => {
    const upstream = await startOrigin(t);
    const folder = mkdtempSync(join(tmpdir(), 'shelflife-systemd-'));
    t.teardown(() => {
      rmSync(folder, { recursive: true });
    });
    const path = join(folder, 'a.sock');
    const { port, start, stop, said } = await startManager(t, path);
    const { ino, mode } = statSync(path);
    for (const workers of [1, 2]) {
      const rules = `upstream: ${upstream}\nlisten: { address: "h:1", workers: ${workers} }\ncontrol: { address: "127.0.0.1:0" }\n`;
      // An array: a promise of an answer would be waited for.
      const early = [{ port }, { path }].map(async (to) => [await Promise.all([sent(to)])]);
      await start(fileOf(t, rules));
      t.match(said(), `"url":"http://127.0.0.1:${port}"`);
      for (const [[answer = ''] = []] of await Promise.all(early))
        t.match(answer, /^HTTP\/1\.1 200 /, `${workers} workers`);
      t.match(await sent({ port }), /shelflife; hit/);
      t.equal(await stop(), 'ended 0');
      t.match(statSync(path), { ino, mode }, 'the socket of systemd is untouched');
    }
  },
);

t.test('19.4: without a socket of its own the proxy does not start, and says why', async (t) => {
  const cases = [
    [
      'LISTEN_FDS=1 GIVEN_PID=1',
      /^shelflife: systemd has passed its socket to another process \(LISTEN_PID\)/,
    ],
    ['LISTEN_FDS=1', /^shelflife: systemd has passed something that does not listen/],
  ] as const;
  for (const [given, expected] of cases) {
    const args = [process.execPath, cli, 'serve', '--upstream', 'http://127.0.0.1:1', '--listen', 'systemd'];
    const command = ['sh', '-c', become, 'sh', ...args, '--control', '127.0.0.1:0'];
    const child = spawn('env', [...given.split(' '), ...command], { stdio: ['ignore', 'ignore', 'pipe'] });
    const [said, ended] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    t.match(said, expected);
    t.equal(ended[0], 1, given);
  }
});
