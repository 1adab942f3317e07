/**
 * Runs the sample app: `node examples/webapp/main.ts [--port 5000] [--host 127.0.0.1] [--data .data/webapp]`.
 *
 * The session cookies are signed with WEBAPP_SECRET; WEBAPP_PORT is the port when none is given.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startWebapp } from './app.ts';
import type { SeedProgress } from './seed.ts';

const projectFolder = join(import.meta.dirname, '..', '..');

// Set but empty counts as not set, as it does in the proxy's rules.
const readOptions = () =>
  parseArgs({
    options: {
      port: { type: 'string', default: process.env['WEBAPP_PORT'] || '5000' },
      host: { type: 'string', default: '127.0.0.1' },
      data: { type: 'string', default: join(projectFolder, '.data', 'webapp') },
    },
  }).values;

const showProgress: SeedProgress = (done, total) => {
  const line = `webapp: first start, ${done} of ${total} snippets made up`;
  if (process.stdout.isTTY) process.stdout.write(`\r${line}${done === total ? '\n' : ''}`);
  else if (done === total) console.log(line);
};

try {
  const options = readOptions();
  const webapp = await startWebapp({
    port: Number(options.port),
    host: options.host,
    dataDir: options.data,
    secret: process.env['WEBAPP_SECRET'] || 'dev-secret-key-change-in-production',
    onProgress: showProgress,
  });
  console.log(`webapp: ${webapp.url} (log in as demo / demo)`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void webapp.close());
} catch (error) {
  const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  const reason = error instanceof Error ? error.message : String(error);
  console.error(isTaken ? 'webapp: the port is taken; choose another with --port' : `webapp: ${reason}`);
  process.exitCode = 1;
}
