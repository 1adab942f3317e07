/**
 * The command line, within the test's process or as a process of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { allocator } from '../../src/cli/keep-memory-bound.ts';
import { runCommand } from '../../src/cli/program.ts';
import { Terminal } from '../../src/cli/terminal.ts';

export const token = 'a-control-token-of-many-characters';
const cli = join(import.meta.dirname, '..', '..', 'src', 'cli.ts');

type Test = { teardown: (action: () => unknown) => unknown };
export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Runs a command to its end, in this process. */
export async function run(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const written = { stdout: '', stderr: '' };
  const into = (name: keyof typeof written) => ({
    write: (text: string) => {
      written[name] += text;
      return true;
    },
  });
  const terminal = new Terminal({
    env: { ...process.env, SHELFLIFE_TOKEN: '', ...env },
    stdin: Readable.from([]),
    stdout: into('stdout'),
    stderr: into('stderr'),
  });
  await runCommand(args, terminal);
  return { code: terminal.exitCode, ...written };
}

/** Runs a command to its end, in a process of its own. */
export async function runProcess(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const child = spawn(process.execPath, [cli, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, SHELFLIFE_TOKEN: '', ...env },
  });
  const [stdout, stderr, ended] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code: ended[0] as number | null, stdout, stderr };
}

/** Starts a command that goes on; `told` resolves when it has said this, to whichever stream, since the last time. */
export function start(t: Test, args: readonly string[]): { readonly told: (text: string) => Promise<void> } {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  t.teardown(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  let said = '';
  let look = (): void => undefined;
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      look();
    });
  const told = (text: string): Promise<void> =>
    new Promise((resolve) => {
      look = () => {
        if (!said.includes(text)) return;
        said = '';
        resolve();
      };
      look();
    });
  return { told };
}

/** A file that is gone at the end of the test. */
export function fileOf(t: Test, content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'shelflife-cli-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true });
  });
  const file = join(folder, 'rules.yaml');
  writeFileSync(file, content);
  return file;
}

/** An app that answers everything; gives its URL. */
export async function startOrigin(t: Test, listener?: RequestListener): Promise<string> {
  const server = createServer(
    listener ??
      ((request, response) => {
        response.writeHead(200, { 'Cache-Control': 'max-age=60' }).end(request.url);
      }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string; readonly level: number };

/** A `serve` that runs. */
export type Serving = {
  readonly process: ChildProcess;
  readonly site: string;
  readonly control: string;
  /** Resolves with the first line of the log, from the start on, that has this text. */
  readonly logged: (text: string) => Promise<LogLine>;
  readonly stderr: () => string;
  /** Sends a signal and resolves with the exit code. */
  readonly stop: (signal: NodeJS.Signals) => Promise<number | null>;
};

/** Starts `serve` on free ports; it is gone at the end of the test. */
export async function serve(t: Test, args: readonly string[]): Promise<Serving> {
  const free = ['--listen', '127.0.0.1:0', '--control', '127.0.0.1:0'];
  const child = spawn(process.execPath, [cli, 'serve', ...free, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...allocator, SHELFLIFE_TOKEN: token },
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  t.teardown(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const lines: LogLine[] = [];
  const waiting: { readonly text: string; readonly found: (line: LogLine) => void }[] = [];
  createInterface(child.stdout).on('line', (written) => {
    const line = JSON.parse(written) as LogLine;
    lines.push(line);
    for (const { text: wanted, found } of waiting) if (line.msg.includes(wanted)) found(line);
  });
  const logged = (wanted: string): Promise<LogLine> => {
    const before = lines.find(({ msg }) => msg.includes(wanted));
    return new Promise((resolve, reject) => {
      if (before !== undefined) resolve(before);
      waiting.push({ text: wanted, found: resolve });
      void exited.then(([code]) => {
        reject(new Error(`ended with ${String(code)} before "${wanted}": ${stderr}`));
      });
    });
  };
  const [site, control] = await Promise.all([logged('site listening'), logged('control listening')]);
  return {
    process: child,
    site: String(site['url']),
    control: String(control['url']),
    logged,
    stderr: () => stderr,
    stop: async (signal) => {
      child.kill(signal);
      return (await exited)[0];
    },
  };
}
