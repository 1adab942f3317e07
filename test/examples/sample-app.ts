/** The sample app for a test. Its database is in memory, and one for all tests of a process: to create one takes seconds. */
import { setFlagsFromString } from 'node:v8';
import { PGlite } from '@electric-sql/pglite';
import { startWebapp, type Webapp, type WebappOptions } from '../../examples/webapp/app.ts';

// Most of PostgreSQL's code runs once or twice: to optimize it costs more than it saves.
setFlagsFromString('--no-wasm-tier-up');
setFlagsFromString('--no-wasm-dynamic-tiering');

/** Starts it on a free port, with fewer snippets. Another one in this process must have been closed. */
export async function startSampleApp(options: Omit<WebappOptions, 'port' | 'host'>): Promise<Webapp> {
  opened ??= PGlite.create();
  const postgres = await opened;
  await postgres.exec('drop schema public cascade; create schema public');
  return startWebapp({ snippets: 500, ...options, port: 0, host: '127.0.0.1', postgres });
}

let opened: Promise<PGlite> | undefined;
