/**
 * The proxy of a scripted site as `serve` with several workers: with SHELFLIFE_TEST_WORKERS=2, tests that use only the wire and
 * the control API run against that. What there is only in a proxy of this very process ends the test with a message that
 * `scripts/workers-suites.ts` knows.
 */
import { isMap, parseDocument } from 'yaml';
import type { RunningServer } from '../../src/server.ts';
import { spawnServing } from './serving.ts';

/** Begins the message of a test that cannot be run against other processes. */
export const insideMessage = 'looks inside the process';

/** How many workers the proxies of this test process have; `undefined`: they are in this process. */
export const testWorkers = (): number | undefined => {
  const asked = process.env['SHELFLIFE_TEST_WORKERS'];
  return asked === undefined || asked === '' ? undefined : Number(asked);
};

/** Ends the test. What it has under way fails with it. */
export const looksInside = (name: string): never => {
  if (process.listenerCount('unhandledRejection', ignore) === 0) process.on('unhandledRejection', ignore);
  throw new Error(`${insideMessage}: ${name}`);
};

const ignore = (): void => undefined;

type Running = Omit<RunningServer, (typeof inside)[number]>;
type Options = Readonly<Record<string, unknown>> & { readonly env?: Readonly<Record<string, string>> };

/** What tests give a proxy that another process can have too. */
const outside: readonly string[] = ['env', 'control', 'answer', 'connections', 'outcomes'];
const inside = ['services', 'refresh', 'counting', 'stored', 'evidence', 'replaceConfig', 'reload'] as const;

/** Starts it on a free port. It logs as its configuration says, or only what a start needs. */
export async function startAsWorkers(
  text: string,
  workers: number,
  options: Options,
): Promise<RunningServer> {
  for (const [name, value] of Object.entries(options))
    if (value !== undefined && !outside.includes(name)) looksInside(name);
  const { serving, kill } = spawnServing(withWorkers(text, workers), { env: options.env ?? {} });
  const end = (): void => void kill();
  // One for each proxy that is running.
  process.setMaxListeners(100);
  process.once('exit', end);
  try {
    const { site, control, end: stop, lines } = await serving;
    const redirect = lines.find(({ msg }) => msg === 'redirect listening')?.['url'];
    const running: Running = {
      url: site,
      redirectUrl: redirect === undefined ? undefined : (redirect as string),
      controlUrl: control,
      renewCertificates: () => looksInside('renewCertificates'),
      close: async () => {
        await stop('SIGTERM');
        process.off('exit', end);
        await kill();
      },
    };
    return Object.defineProperties(
      running,
      Object.fromEntries(inside.map((name) => [name, { get: () => looksInside(name) }])),
    ) as RunningServer;
  } catch (error) {
    await kill();
    throw error;
  }
}

/** The configuration with so many workers, where it does not say how many. */
function withWorkers(text: string, workers: number): string {
  const document = parseDocument(text);
  const listen = document.get('listen', true);
  if (!isMap(listen)) document.set('listen', document.createNode({ address: listen ?? '127.0.0.1:0' }));
  if (!document.hasIn(['listen', 'workers'])) document.setIn(['listen', 'workers'], workers);
  // Each worker has one at least.
  if (Number(document.getIn(['upstream', 'connections']) ?? workers) < workers) looksInside('connections');
  if (document.hasIn(['log', 'format'])) looksInside('log');
  document.setIn(['log', 'level'], 'info');
  return document.toString();
}
