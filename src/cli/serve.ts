/**
 * `shelflife serve`: runs the proxy until it is told to stop.
 *
 * Promises: SIGTERM and SIGINT stop it within ten seconds, after exchanges in flight have finished. SIGHUP and a changed
 * file reload the configuration; a bad one changes nothing. The process never ends without saying why.
 */

import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import type { Environment } from '../config/reader/environment.ts';
import { renderProblem, type Warning } from '../config/reader/problem.ts';
import { ListenError, nameOf } from '../proxy/listen/listen.ts';
import type { RunningServer } from '../server.ts';
import { openLog } from '../watch/show/log-destination.ts';
import { besideStoreBytes, collectBodies } from './collect-bodies.ts';
import { keepMemoryBound } from './keep-memory-bound.ts';
import { type ConfigSource, type LoadedConfig, loadConfig, tellProblems } from './load-config.ts';
import { openRecordFile } from './record-file.ts';
import { logErrors } from './log-errors.ts';
import type { Terminal } from './terminal.ts';
import { forkWorker, isWorker, popularFileOf, serveAsWorker } from './serve-worker.ts';
import { watchCertificates } from './watch-certificates.ts';
import { watchContent } from './watch-file.ts';

type Options = Pick<ConfigSource, 'upstream' | 'listen' | 'control' | 'shadow'> & {
  readonly config?: string;
  readonly record?: string;
};

/** Less than the ten seconds promised, to leave time for the log line. */
const stopLimitMs = 9000;

/** Adds the command. */
export function addServe(program: Command, terminal: Terminal): void {
  program
    .command('serve')
    .description('run the proxy')
    .option('-c, --config <file>', 'the configuration file; without one the built-in defaults')
    .option('--upstream <url>', 'where the app is; overrides the file')
    .option('--listen <host:port>', 'where clients connect, unix:PATH, or systemd; overrides the file')
    .option('--control <host:port>', 'where the control API listens, or unix:PATH; overrides the file')
    .option(
      '--shadow',
      'answer nothing from the cache, and count what it would have done; overrides the file',
    )
    .option('--record <file>', 'as --shadow, and write a line for each exchange with the app, for `init`')
    .action((options: Options) => serve(terminal, options));
}

async function serve(terminal: Terminal, options: Options): Promise<void> {
  const { config: file, upstream, listen, control, shadow, record } = options;
  if (file === undefined && upstream === undefined) {
    terminal.fail('give the address of the app with --upstream URL, or a configuration file with -c FILE');
    return;
  }
  const isShadow = record === undefined ? shadow : true;
  const source: ConfigSource = { env: terminal.env, file, upstream, listen, control, shadow: isShadow };
  if (isWorker()) {
    keepMemoryBound();
    serveAsWorker(terminal, source, skipWarmUp(terminal.env));
    return;
  }
  const loaded = await loadConfig(source);
  if (loaded.kind !== 'ok') {
    tellProblems(terminal, loaded);
    return;
  }
  const memory = keepMemoryBound();
  const { config, warnings, text } = loaded;
  const log = openLog(config.log);
  logErrors(log);
  try {
    const server = await start({ terminal, source, loaded, log, record });
    if (server === undefined) return;
    const onChange = (): void => void reload({ server, log, terminal }, 'file changed');
    const unwatchFile = file === undefined ? undefined : watchContent(file, { known: text, onChange });
    const { tls } = config.listen;
    const onRenewal = (): void => void server.renewCertificates();
    const unwatchTls = tls && (await watchCertificates(tls, onRenewal));
    const unwatch = (): void => {
      unwatchFile?.();
      unwatchTls?.();
    };
    process.on('SIGHUP', () => void reload({ server, log, terminal }, 'SIGHUP'));
    stopOnSignal(server, log, unwatch);
    // Last: a reader of this line may send a signal at once.
    log.info({ url: server.url, origin: config.upstream.url }, 'site listening');
    if (server.redirectUrl !== undefined) log.info({ url: server.redirectUrl }, 'redirect listening');
    log.info({ url: server.controlUrl, token: config.control.token !== undefined }, 'control listening');
    logWarnings(log, warnings);
    if (memory === 'unbounded') log.warn(unboundedText);
  } catch (error) {
    if (error instanceof ListenError) terminal.fail(listenProblem(error));
    // It has said why.
    else if (error instanceof Error && error.name === 'WorkerStartError') terminal.exitCode = 1;
    else throw error;
  }
}

type Starting = {
  readonly terminal: Terminal;
  readonly source: ConfigSource;
  readonly loaded: Extract<LoadedConfig, { readonly kind: 'ok' }>;
  readonly log: Logger;
  /** The file to record to. */
  readonly record: string | undefined;
};

/** What of a server the command needs, whether it is one process or several. */
type Started = Pick<
  RunningServer,
  'url' | 'redirectUrl' | 'controlUrl' | 'reload' | 'renewCertificates' | 'close'
>;

/** Loads each kind on demand: other commands start in half the time without it. `undefined`: it has said why not. */
async function start({
  terminal,
  source,
  loaded,
  log,
  record: recordFile,
}: Starting): Promise<Started | undefined> {
  const { config, text } = loaded;
  const { file, env } = source;
  const readConfig = file === undefined ? undefined : () => loadConfig(source);
  const reportFolder = env['SHELFLIFE_REPORT_FOLDER'] ?? (file && `${file}.reports`);
  const workers = workersOf(config);
  if (workers > 1 && recordFile !== undefined) {
    terminal.fail('--record needs a single process; set `listen.workers: 1` while you record');
    return undefined;
  }
  const record = recordFile === undefined ? undefined : openRecordFile(recordFile, log);
  const rolloutFile = env['SHELFLIFE_ROLLOUT_FILE'] ?? (file && `${file}.rollout.json`);
  if (workers > 1) {
    const { startPrimary } = await import('../primary.ts');
    const kept = { reportFolder, rolloutFile };
    return startPrimary({ config, text, workers, fork: forkWorker, log, readConfig, ...kept });
  }
  collectBodies(config.store.memoryBytes + besideStoreBytes);
  const { startServer } = await import('../server.ts');
  const popularFile = popularFileOf(file, 1);
  const kept = { popularFile, reportFolder, rolloutFile };
  return startServer({ config, log, readConfig, record, ...kept, skipWarmUp: skipWarmUp(env) });
}

const workersOf = ({ listen: { workers } }: Config): number =>
  workers === 'auto' ? availableParallelism() : workers;

const skipWarmUp = (env: Environment): boolean => env['SHELFLIFE_SKIP_WARMUP'] === '1';

const unboundedText =
  'MALLOC_ARENA_MAX is not set, so memory may exceed store.memory + 150 MB; start the installed `shelflife`';

function listenProblem({ listener, address, code }: ListenError): string {
  const why = {
    EADDRINUSE: 'is in use',
    EACCES: 'needs a permission that this process lacks',
    ENOENT: 'is in a folder that does not exist',
    EADDRNOTAVAIL: 'is not an address of this machine',
    'no-socket-passed': 'has passed no socket (LISTEN_FDS): start the .socket unit, and the service by it',
    'passed-to-another-process':
      'has passed its socket to another process (LISTEN_PID): let ExecStart be shelflife itself, without npx or a shell',
    'passed-not-listening':
      'has passed something that does not listen: use ListenStream=, and leave Accept=yes out',
  }[code];
  return `${nameOf(address)} ${why ?? `cannot be listened on (${code})`}; choose another ${listener === 'redirect' ? 'for listen.redirect' : `with --${listener} HOST:PORT`}`;
}

function logWarnings(log: Logger, warnings: readonly Warning[]): void {
  for (const { line, column, code, message } of warnings) log.warn({ line, column, code }, message);
}

type Reloading = { readonly server: Started; readonly log: Logger; readonly terminal: Terminal };

async function reload({ server, log, terminal }: Reloading, cause: string): Promise<void> {
  const result = await server.reload();
  switch (result.kind) {
    case 'applied':
      log.info({ cause }, 'configuration reloaded');
      for (const section of result.restart) log.warn({ section }, `${section}: takes effect after a restart`);
      logWarnings(log, result.warnings);
      return;
    case 'refused':
      terminal.tell(...result.problems.map(renderProblem));
      log.error(
        { cause, problems: result.problems.length },
        'configuration refused; the previous one stays in force',
      );
      return;
    case 'unreadable':
      log.error({ cause }, `${result.message}; the previous configuration stays in force`);
      return;
    case 'no-file':
      log.warn({ cause }, 'no configuration file to reload');
      return;
    default:
      result satisfies never;
  }
}

function stopOnSignal(server: Started, log: Logger, unwatch: () => void): void {
  let isStopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (isStopping) return;
    isStopping = true;
    log.info({ signal }, 'stopping');
    unwatch();
    setTimeout(() => {
      log.warn('requests still in flight; closing their connections');
      process.exit(0);
    }, stopLimitMs);
    void server.close().then(() => {
      log.info('stopped');
      process.exit(0);
    });
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
