/** Fills a store from within: for 200,000 entries, requests would take minutes. */
import { hash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type { CacheKey } from '../../src/policy/key/cache-key.ts';
import type { Store } from '../../src/store/store.ts';

/** So many are put in one turn, as if so many requests had ended in it. */
const atOnce = 64;

/** Puts copies of something that is stored, each with a key, a URL, fields and a body of its own, until `count` are stored. */
export async function fillStore(store: Store, count: number): Promise<void> {
  const [model] = store.entries();
  if (model === undefined) throw new Error('Nothing is stored');
  for (let at = store.size().entries; at < count; at += 1) {
    const target = `/filled/${at}`;
    store.put({
      ...model,
      key: hash('sha256', target) as CacheKey,
      target,
      fields: model.fields.map((text) => text.replaceAll(model.target, target)),
      body: Buffer.alloc(model.body.length, target),
    });
    if (at % 50_000 === 0) console.log(`${at} stored`);
    if (at % atOnce === 0) await turn();
  }
}
