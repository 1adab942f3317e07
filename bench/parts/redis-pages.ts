/** What do 1 000 HTML pages of 340 KB cost Redis? They are fetched through a proxy, and Redis says what it uses. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { documentBytes, gzipRatio } from './documents.ts';
import type { Place } from './redis-place.ts';
import type { Walk, Walked } from './walk-client.ts';
import { startWorker } from './worker.ts';

const pages = 1000;
const mostBytes = 80e6;

/** As an app gives such pages at best; and as fast as answers come, which is faster than they can be compressed. */
const paces = [
  { name: 'asked for 80 a second', perSecond: 80 },
  { name: 'as fast as answers come', perSecond: undefined },
];

/** Measures and prints; whether they cost as little as asked, at an app's pace. */
export async function storedPages(place: Place): Promise<boolean> {
  const ratio = gzipRatio().toFixed(1);
  console.log(
    `\n${pages} HTML pages of ${documentBytes / 1000} KB (gzip alone: ${ratio} times smaller) in Redis`,
  );
  let isReached = true;
  for (const { name, perSecond } of paces) {
    const { stored, bytes } = await costOf(place, perSecond);
    const each = (bytes / stored / 1000).toFixed(1);
    console.log(
      `${name.padEnd(28)}${stored} stored, used_memory ${(bytes / 1e6).toFixed(1)} MB, ${each} KB each`,
    );
    isReached &&= stored === pages && bytes < mostBytes;
  }
  console.log(`asked: under ${mostBytes / 1e6} MB: ${isReached ? 'reached' : 'not reached'}`);
  return isReached;
}

type Cost = { readonly stored: number; readonly bytes: number };

/** Fetches them all through a proxy of their own. */
async function costOf({ client, start }: Place, perSecond: number | undefined): Promise<Cost> {
  await client.flushall();
  const proxy = await start();
  await (await fetch(`${proxy.url}/public/anything`)).arrayBuffer();
  await delay(100);
  const before = await state(client);
  const walker = startWorker<Walk, Walked>('walk-client.ts');
  const walk = { url: proxy.url, prefix: '/public/document', count: pages, connections: 4 };
  const { bytes, wrong } = await walker.run(perSecond === undefined ? walk : { ...walk, perSecond });
  if (wrong > 0 || bytes !== pages * documentBytes) throw new Error(`${wrong} wrong answers, ${bytes} bytes`);
  // Writing goes on behind the answers, and so does compressing, where pages come faster than that is done.
  let after = await state(client);
  for (let [still, pause] = [0, 0]; still < 10 && pause < 300; pause += 1) {
    await delay(100);
    const now = await state(client);
    still = now.bytes < after.bytes * 0.999 || now.keys > after.keys ? 0 : still + 1;
    after = now;
  }
  await Promise.all([walker.stop(), proxy.stop()]);
  await client.flushall();
  // An instance may leave a key of its own besides.
  return { stored: Math.min(pages, after.keys - before.keys), bytes: after.bytes - before.bytes };
}

async function state(client: Redis): Promise<{ readonly bytes: number; readonly keys: number }> {
  const info = await client.info('memory');
  return { bytes: Number(/^used_memory:(\d+)/m.exec(info)?.[1]), keys: await client.dbsize() };
}
