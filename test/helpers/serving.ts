/** `serve` as a process of its own, as an operator would run it: its addresses, its log, its end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import { allocator } from '../../src/cli/keep-memory-bound.ts';

export const controlToken = 'a-control-token-of-many-characters';
const cli = join(import.meta.dirname, '..', '..', 'src', 'cli.ts');

export type ServeLine = Readonly<Record<string, unknown>> & { readonly msg: string };

export type Serving = {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly site: string;
  readonly control: string;
  /** Every line of its log so far. */
  readonly lines: readonly ServeLine[];
  /** The configuration file it was started with. */
  readonly file: string;
  /** What `GET /readyz` says. */
  readonly state: () => Promise<{
    readonly redis: string;
    readonly origin: string;
    readonly breaker: string;
  }>;
  /** Sends a signal and resolves with the exit code. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | null>;
};

export type ServeOptions = {
  /** `HOST:PORT`; otherwise a free port. */
  readonly listen?: string;
  /** The process and everything it starts may have so many files open. */
  readonly mostFiles?: number;
  /** A module that is loaded first. */
  readonly preload?: string;
  /** Instead of the variable with the control token. */
  readonly env?: Readonly<Record<string, string>>;
};

/** Starts `serve` with a configuration; it is gone at the end of the test. */
export async function startServing(t: Test, config: string, options: ServeOptions = {}): Promise<Serving> {
  const { serving, kill } = spawnServing(config, options);
  t.teardown(kill);
  return serving;
}

type Spawned = { readonly serving: Promise<Serving>; readonly kill: () => Promise<void> };

/** Starts `serve` with a configuration, until `kill`. */
export function spawnServing(config: string, options: ServeOptions = {}): Spawned {
  const folder = mkdtempSync(join(tmpdir(), 'shelflife-serve-'));
  const file = join(folder, 'rules.yaml');
  writeFileSync(file, config);
  const { listen = '127.0.0.1:0', mostFiles, preload, env = { SHELFLIFE_TOKEN: controlToken } } = options;
  const imports = preload === undefined ? [] : ['--import', preload];
  const addresses = ['--listen', listen, '--control', '127.0.0.1:0'];
  const command = [process.execPath, ...imports, cli, 'serve', '-c', file, ...addresses];
  const limited = ['sh', '-c', `ulimit -n ${String(mostFiles)} && exec "$@"`, 'sh', ...command];
  const [program = '', ...rest] = mostFiles === undefined ? command : limited;
  const child = spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Without what the test runner loads into every process: it is no part of the product, and takes memory.
    env: { ...process.env, ...allocator, NODE_OPTIONS: undefined, ...env },
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const kill = async (): Promise<void> => {
    child.kill('SIGCONT');
    child.kill('SIGKILL');
    await exited;
    rmSync(folder, { recursive: true });
  };
  return { serving: served(child, file, exited), kill };
}

async function served(child: ChildProcess, file: string, exited: Promise<[number | null]>): Promise<Serving> {
  const lines: ServeLine[] = [];
  const { site, control } = await listening(child, lines);
  return {
    process: child,
    pid: child.pid ?? 0,
    site,
    control,
    lines,
    file,
    state: async () =>
      (await (await fetch(`${control}/readyz`)).json()) as Awaited<ReturnType<Serving['state']>>,
    end: async (signal) => {
      child.kill(signal);
      return (await exited)[0];
    },
  };
}

/** Reads the log until both addresses are known. */
async function listening(
  child: ChildProcess,
  lines: ServeLine[],
): Promise<{ readonly site: string; readonly control: string }> {
  if (child.stdout === null || child.stderr === null) throw new Error('its output is not to be had');
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const log = createInterface(child.stdout);
  const known = new Map<string, string>();
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => {
      reject(new Error(`ended with ${String(code)}: ${stderr}`));
    });
    log.on('line', (written) => {
      const line = JSON.parse(written) as ServeLine;
      lines.push(line);
      if (line.msg.endsWith(' listening')) known.set(line.msg, String(line['url']));
      const [site, control] = [known.get('site listening'), known.get('control listening')];
      if (site !== undefined && control !== undefined) resolve({ site, control });
    });
  });
}
