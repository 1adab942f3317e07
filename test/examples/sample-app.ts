/**
 * The sample app for a test, its database in memory. `initdb` takes longer than loading what it made before, so it runs once
 * for each version of PGlite.
 */
import { existsSync, mkdirSync, openAsBlob, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { startWebapp, type Webapp, type WebappOptions } from '../../examples/webapp/app.ts';
import { ROOT } from '../architecture/tree.ts';

/** Starts it on a free port. */
export async function startSampleApp(options: Omit<WebappOptions, 'port' | 'host'>): Promise<Webapp> {
  return startWebapp({ ...options, port: 0, host: '127.0.0.1', cluster: await emptyCluster() });
}

const modules = join(ROOT, 'node_modules');

/** A dump of an empty database. */
async function emptyCluster(): Promise<Blob> {
  const folder = join(modules, '.cache', 'shelflife');
  const manifest = readFileSync(join(modules, '@electric-sql', 'pglite', 'package.json'), 'utf8');
  const file = join(folder, `postgres-${(JSON.parse(manifest) as { version: string }).version}.tar`);
  if (!existsSync(file)) {
    const postgres = await PGlite.create();
    const dump = await postgres.dumpDataDir('none');
    await postgres.close();
    mkdirSync(folder, { recursive: true });
    // Another process may look for it at any time.
    const part = `${file}.${process.pid}`;
    writeFileSync(part, Buffer.from(await dump.arrayBuffer()));
    renameSync(part, file);
  }
  return openAsBlob(file);
}
