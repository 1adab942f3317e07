/**
 * A small web app with sessions: people keep snippets of code and Markdown. It knows of no cache in front of it.
 *
 * It behaves like a Flask app of the usual making: a signed session cookie that is renewed on every answer to someone
 * who is logged in, `Vary: Cookie` on every answer at all, and pages sent as `no-store` unless they have an ETag.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { accountRoutes } from './account.ts';
import { apiRoutes } from './api.ts';
import { openDatabase, type Counters, type Database } from './database.ts';
import { createDispatcher } from './dispatch.ts';
import { filePageRoutes } from './file-pages.ts';
import { pageRoutes } from './pages.ts';
import { seedDatabase, type SeedProgress } from './seed.ts';
import { assetRoute } from './send-bytes.ts';
import { createSessionCookies } from './session.ts';
import type { Route } from './visit.ts';
import { writeRoutes } from './writes.ts';

/** How the app is started. */
export type WebappOptions = {
  /** 0 takes any free port. */
  readonly port: number;
  readonly host: string;
  /** The folder of the database; without one it is in memory and gone at the end. */
  readonly dataDir?: string;
  /** An open, empty database to use; it is left open. */
  readonly postgres?: PGlite;
  /** Signs the session cookies. */
  readonly secret: string;
  /** Milliseconds since the epoch; the machine's clock when not given. */
  readonly clock?: { now(): number };
  /** How many people there are after the first start; 50 when not given. */
  readonly people?: number;
  /** How many snippets there are then; 5000 when not given. */
  readonly snippets?: number;
  /** Told how far the first start has come. */
  readonly onProgress?: SeedProgress;
  /** Told of errors that visitors see as a 500; written to stderr when not given. */
  readonly onError?: (error: unknown) => void;
};

/** The running app. `database()` is what it has asked of its database since it started to answer. */
export type Webapp = {
  readonly url: string;
  readonly port: number;
  database(): Counters;
  close(): Promise<void>;
};

/**
 * Starts the app; resolves when it answers, which takes some seconds the first time, when people and snippets are made
 * up. Rejects when the port is taken (before the database is touched) or the database cannot be opened.
 */
export const startWebapp = async (options: WebappOptions): Promise<Webapp> => {
  const clock = options.clock ?? { now: () => Date.now() };
  const onError = options.onError ?? console.error;
  const server = createServer((_request, response) => {
    // Replaced below, once there is a database.
    response.writeHead(503, { 'content-type': 'text/plain', 'retry-after': '2' }).end('starting\n');
  });
  server.listen(options.port, options.host);
  await once(server, 'listening');
  try {
    const database = await openDatabase(options, clock.now());
    const { people, snippets, onProgress = () => undefined } = options;
    await seedDatabase(database.begin(), new Date(clock.now()), { onProgress, people, snippets });
    const cookies = createSessionCookies(options.secret);
    const dispatch = createDispatcher({ routes: routes(), database, cookies, clock, onError });
    server.removeAllListeners('request');
    server.on('request', (request, response) => void dispatch(request, response));
    return running(server, database, options.host);
  } catch (error) {
    await closeServer(server);
    throw error;
  }
};

const routes = (): readonly Route[] => [
  ...pageRoutes,
  ...filePageRoutes,
  ...apiRoutes,
  ...writeRoutes,
  ...accountRoutes,
  assetRoute(join(import.meta.dirname, 'static')),
];

const running = (server: Server, database: Database, host: string): Webapp => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    database: () => database.counters(),
    close: async () => {
      await closeServer(server);
      await database.close();
    },
  };
};

/** Finishes what is being answered, for at most two seconds. */
const closeServer = async (server: Server): Promise<void> => {
  const closed = once(server, 'close');
  server.close();
  const deadline = setTimeout(() => {
    server.closeAllConnections();
  }, 2000);
  await closed;
  clearTimeout(deadline);
};
