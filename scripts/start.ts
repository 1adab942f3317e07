/**
 * `npm start`: the sample app with a database of its own, the proxy in front of it, and what to try on them.
 * `npm start -- --upstream URL`: the proxy in front of an app of yours, with the built-in defaults.
 *
 * The proxy is a process of its own, run by the command line as anybody would run it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Webapp } from '../examples/webapp/app.ts';
import { allocator } from '../src/cli/keep-memory-bound.ts';
import { appIntroduction, siteIntroduction } from './start/introduction.ts';

const root = join(import.meta.dirname, '..');

const usage = `npm start [-- options]
  --upstream URL       put the proxy in front of your own app instead of the sample app
  --config FILE        rules for it
  --listen HOST:PORT   where clients connect (SHELFLIFE_LISTEN; 127.0.0.1:8080)
  --control HOST:PORT  where the control API listens (SHELFLIFE_CONTROL; 127.0.0.1:8081)
  --data FOLDER        the database of the sample app (.data/webapp)
  --snippets N         how many snippets its first start makes up, at least 160 (5000)`;

const readOptions = () =>
  parseArgs({
    options: {
      upstream: { type: 'string' },
      config: { type: 'string' },
      listen: { type: 'string', default: process.env['SHELFLIFE_LISTEN'] || '127.0.0.1:8080' },
      control: { type: 'string', default: process.env['SHELFLIFE_CONTROL'] || '127.0.0.1:8081' },
      data: { type: 'string', default: join(root, '.data', 'webapp') },
      snippets: { type: 'string', default: '5000' },
      help: { type: 'boolean', short: 'h' },
    },
  }).values;

type Options = ReturnType<typeof readOptions>;
type Addresses = Pick<Options, 'listen' | 'control'> & { readonly config: string | undefined };

const preferredPort = 5000;
const token = process.env['SHELFLIFE_TOKEN'] || randomBytes(24).toString('hex');
const secret = process.env['WEBAPP_SECRET'] || 'dev-secret-key-change-in-production';

/** The port the sample app will have: the preferred one, or one that is free. */
async function freePort(): Promise<number> {
  for (const port of [preferredPort, 0]) {
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => {
        resolve(false);
      });
      server.listen(port, '127.0.0.1', () => {
        resolve(true);
      });
    });
    if (!isFree) continue;
    const address = server.address();
    server.close();
    await once(server, 'close');
    if (typeof address === 'object' && address !== null) return address.port;
  }
  throw new Error('there is no free port for the sample app');
}

/** By then a proxy that logs has said where it listens. */
const usualStartMs = 10_000;
const probeIntervalMs = 250;

type Proxy = { readonly process: ChildProcess; readonly site: string; readonly control: string };

/** Starts the proxy; `undefined` when it did not come up, which it has explained on stderr. */
async function startProxy(
  upstream: string,
  { config, listen, control }: Addresses,
): Promise<Proxy | undefined> {
  const args = ['serve', '--upstream', upstream, '--listen', listen, '--control', control];
  if (config !== undefined) args.push('--config', config);
  const child = spawn(process.execPath, [join(root, 'src', 'cli.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      SHELFLIFE_REPORT_FOLDER: join(root, '.data', 'reports'),
      SHELFLIFE_POPULAR_FILE: join(root, '.data', 'popular.json'),
      ...allocator,
      // From the second start on, nothing is stripped: it starts in half the time, and keeps the stripper's 8 MB.
      NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'compiled'),
      ...process.env,
      SHELFLIFE_TOKEN: token,
      WEBAPP_SECRET: secret,
    },
  });
  const urls = new Map<string, string>();
  return new Promise((resolve) => {
    child.once('exit', () => {
      resolve(undefined);
    });
    // The rules may turn the log off. Then it is ready when its control listener answers at the address we gave it.
    void untilAnswering(`http://${control}/healthz`, child).then(() => {
      resolve({ process: child, site: `http://${listen}`, control: `http://${control}` });
    });
    createInterface(child.stdout).on('line', (line) => {
      const { level, msg, url } = logLine(line);
      if (url !== undefined) urls.set(msg, url);
      const [site, controlUrl] = [urls.get('site listening'), urls.get('control listening')];
      if (site !== undefined && controlUrl !== undefined)
        resolve({ process: child, site, control: controlUrl });
      if (level >= 40) console.log(`proxy: ${msg}`);
    });
  });
}

/** Asks until something answers, or the process has ended; not before a proxy that logs would have started. */
async function untilAnswering(url: string, child: ChildProcess): Promise<void> {
  let waitMs = usualStartMs;
  do {
    await delay(waitMs, undefined, { ref: false });
    waitMs = probeIntervalMs;
  } while (child.exitCode === null && child.signalCode === null && !(await isAnswering(url)));
}

async function isAnswering(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

function logLine(line: string): { level: number; msg: string; url: string | undefined } {
  try {
    const { level = 30, msg = '', url } = JSON.parse(line) as { level?: number; msg?: string; url?: string };
    return { level, msg, url };
  } catch {
    // Not a log line: shown as it is.
    return { level: 40, msg: line, url: undefined };
  }
}

function showProgress(done: number, total: number): void {
  if (done < total && !process.stdout.isTTY) return;
  const line = `sample app: first start, ${done} of ${total} snippets made up`;
  process.stdout.write(process.stdout.isTTY ? `\r${line}${done === total ? '\n' : ''}` : `${line}\n`);
}

/** Ends with the proxy, whoever ended that; Ctrl-C reaches it by itself, other signals are handed on. */
async function runUntilStopped(proxy: ChildProcess, webapp: Webapp | undefined): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => proxy.kill('SIGTERM'));
  }
  if (proxy.exitCode === null) await once(proxy, 'exit');
  await webapp?.close();
  process.exitCode = proxy.exitCode ?? 1;
}

async function startSampleApp(port: number, { data, snippets }: Options): Promise<Webapp> {
  const { startWebapp } = await import('../examples/webapp/app.ts');
  const made = { snippets: Number(snippets), onProgress: showProgress };
  return startWebapp({ port, host: '127.0.0.1', secret, dataDir: data, ...made });
}

async function start(options: Options): Promise<void> {
  const snippets = Number(options.snippets);
  if (!Number.isInteger(snippets) || snippets < 160)
    throw new Error('--snippets must be a whole number of at least 160');
  // The proxy runs elsewhere; imported here, its files are among those that `npm run dev` watches.
  if (process.env['WATCH_REPORT_DEPENDENCIES'] !== undefined) await import('../src/server.ts');
  const port = options.upstream === undefined ? await freePort() : 0;
  const upstream = options.upstream ?? `http://127.0.0.1:${port}`;
  const config =
    options.config ?? (options.upstream === undefined ? join(root, 'config', 'demo.yaml') : undefined);
  // The proxy first: when its ports are taken, nothing else need be tried.
  const proxy = await startProxy(upstream, { listen: options.listen, control: options.control, config });
  if (proxy === undefined) {
    process.exitCode = 1;
    return;
  }
  const urls = { ...proxy, upstream, token };
  try {
    const webapp = options.upstream === undefined ? await startSampleApp(port, options) : undefined;
    console.log((webapp === undefined ? siteIntroduction(urls) : appIntroduction(urls)).join('\n'));
    await runUntilStopped(proxy.process, webapp);
  } catch (error) {
    proxy.process.kill('SIGTERM');
    throw error;
  }
}

try {
  const options = readOptions();
  if (options.help === true) console.log(usage);
  else await start(options);
} catch (error) {
  console.error(`npm start: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
