/** The sample app with its own database in memory and so many people, and before it the proxy with config/demo.yaml. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { startWebapp } from '../../examples/webapp/app.ts';
import { keepMemoryBound } from '../../src/cli/keep-memory-bound.ts';
import { parseConfig } from '../../src/config/schema/check.ts';
import { startServer } from '../../src/server.ts';
import { argument, serveParent } from './child.ts';

/** Without `env` it is the app that is started, else the proxy. */
export type WebappArgument = {
  readonly secret: string;
  readonly people: number;
  readonly env?: Readonly<Record<string, string>>;
};

const { secret, people, env } = argument() as WebappArgument;
if (env === undefined) serveParent((await startWebapp({ port: 0, host: '127.0.0.1', secret, people })).url);
else {
  keepMemoryBound();
  const file = join(import.meta.dirname, '../../config/demo.yaml');
  const parsed = parseConfig(readFileSync(file, 'utf8'), { file, env: { ...env, WEBAPP_SECRET: secret } });
  if (parsed.kind !== 'ok') throw new Error(JSON.stringify(parsed));
  serveParent((await startServer({ config: parsed.config, log: pino({ level: 'error' }) })).url);
}
