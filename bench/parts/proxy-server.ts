/** The proxy itself, with the configuration it is given. */
import pino from 'pino';
import { keepMemoryBound } from '../../src/cli/keep-memory-bound.ts';
import { besideStoreBytes, collectBodies } from '../../src/cli/collect-bodies.ts';
import { parseConfig } from '../../src/config/schema/check.ts';
import { startServer } from '../../src/server.ts';
import { argument, serveParent } from './child.ts';
import { fillStore } from './fill-store.ts';

// As `shelflife serve` does first.
keepMemoryBound();
const parsed = parseConfig(argument() as string, { file: 'bench.yaml', env: {} });
if (parsed.kind !== 'ok') throw new Error(JSON.stringify(parsed));
collectBodies(parsed.config.store.memoryBytes + besideStoreBytes);
const { url, services } = await startServer({
  config: parsed.config,
  log: pino({ level: 'error' }),
  control: 'off',
});
serveParent(url, (count) => fillStore(services.store, count));
