/** The proxy with its control API; its store may be filled first, with copies of one page under other names. */
import { hash } from 'node:crypto';
import pino from 'pino';
import { keepMemoryBound } from '../../src/cli/keep-memory-bound.ts';
import { besideStoreBytes, collectBodies } from '../../src/cli/collect-bodies.ts';
import { parseConfig } from '../../src/config/schema/check.ts';
import type { CacheKey } from '../../src/policy/key/cache-key.ts';
import { toTag } from '../../src/policy/rules/tags.ts';
import { type RunningServer, startServer } from '../../src/server.ts';
import type { Entry } from '../../src/store/store.ts';
import { TieredStore } from '../../src/store/redis/tiered.ts';
import { argument, serveParent } from './child.ts';
import type { Copies } from './redis-place.ts';

const { config: text, copies } = argument() as { readonly config: string; readonly copies: Copies };
/** So many are put before what was put is waited for: more would find no room on its way to Redis. */
const atOnce = 4000;

// As `shelflife serve` does first.
keepMemoryBound();
const parsed = parseConfig(text, { file: 'bench.yaml', env: {} });
if (parsed.kind !== 'ok') throw new Error(JSON.stringify(parsed));
collectBodies(parsed.config.store.memoryBytes + besideStoreBytes);
const server = await startServer({ config: parsed.config, log: pino({ level: 'error' }) });
if (copies.length > 0) await fill(server);
serveParent(server.url);

async function fill({ url, services: { store } }: RunningServer): Promise<void> {
  await (await fetch(`${url}/public/original`)).arrayBuffer();
  const [original] = store.entries();
  if (original === undefined) throw new Error('the page to copy is not stored');
  for (const { tag, count } of copies) {
    for (let at = 0; at < count; at += 1) {
      store.put(copyOf(original, { tag, name: `${tag}-${at}` }));
      if (at % atOnce === atOnce - 1 && store instanceof TieredStore) await store.settled();
    }
  }
  if (store instanceof TieredStore) await store.settled();
}

/** The same page elsewhere: nothing of it is shared with the one it was made from. */
function copyOf(entry: Entry, { tag, name }: { tag: string; name: string }): Entry {
  const tags = [...entry.tags.map((other) => toTag(other.replace('original', name))), toTag(tag)];
  const { body, fields, target } = entry;
  return {
    ...entry,
    key: hash('sha256', name) as CacheKey,
    body: Buffer.from(body),
    fields: [...fields],
    tags,
    target: target.replace('original', name),
  };
}
