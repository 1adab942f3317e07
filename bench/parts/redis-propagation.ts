/**
 * How soon do both instances stop serving what one of them was told to purge? From the instant the purge's request is
 * sent to the last answer with the old page that either of them gives, over connections that keep asking.
 *
 * An instance is told that has the page, or one that has nothing of it. The app counts a page's versions: an answer is an
 * old one while it has the version from before the purge, whichever way it came. The app answers at once, so the first
 * other answer is as good as the end of the old ones.
 */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { Asker } from './asker.ts';
import { browserFields, requestText } from './browser.ts';
import type { LoadOptions } from './load-client.ts';
import { percentile } from './percentile.ts';
import type { Instance, Place } from './redis-place.ts';
import { purge } from './redis-purges.ts';

const times = Number(process.env['BENCH_PURGES'] ?? 300);
const mostMs = 50;
const target = '/public/tagged';
const request = requestText({ method: 'GET', target, fields: browserFields('www.example.org') });
/** Between two questions to an instance: light enough to leave both instances idle for the most part. */
const pauseMs = 1;

/** Measures and prints; whether the times are as asked where the machine is idle but for this. */
export async function propagation(place: Place): Promise<boolean> {
  const here = await place.start();
  const there = await place.start();
  // One that has nothing of the page, and a Redis with much else in it.
  const other = await place.start({ store: 'memory: 1MiB', copies: [{ tag: 'other', count: 20_000 }] });
  console.log(`\na purge, until it is served no more; ${times} purges, a third of them by a third, in ms`);
  console.log(`${' '.repeat(44)}there: p50      p99   here: p50      p99`);
  const instances = { here, there };
  // The third looks for what the purge met, and answers later than it purges: fewer are enough.
  const light = [await measure(here, instances, times), await measure(other, instances, times / 3)];
  for (const [at, name] of ['told to one that has the page', 'told to a third that has not'].entries()) {
    print(name, light[at] ?? { here: [], there: [] });
  }
  const load = fork(join(import.meta.dirname, 'load-client.ts'));
  const options: LoadOptions = {
    url: there.url,
    requests: [request],
    connections: 64,
    durationMs: 3_600_000,
  };
  load.send(options);
  print('told to one, 64 connections busy with there', await measure(here, instances, times));
  load.disconnect();
  await Promise.all([here.stop(), there.stop(), other.stop()]);
  await place.client.flushall();
  const worst = Math.max(
    ...light.flatMap((some) => [some.here, some.there]).map((some) => percentile(some, 0.99)),
  );
  const isReached = worst <= mostMs;
  console.log(`asked: ${mostMs} ms at most, p99: ${isReached ? 'reached' : 'not reached'}`);
  return isReached;
}

type Times = { readonly here: readonly number[]; readonly there: readonly number[] };

type Instances = { readonly here: Instance; readonly there: Instance };

/** `told` is the one whose control API is asked. */
async function measure(told: Instance, { here, there }: Instances, count: number): Promise<Times> {
  const askers = { here: await Asker.open(here.url), there: await Asker.open(there.url) };
  const result = { here: [] as number[], there: [] as number[] };
  // The first ones are for warming up.
  for (let time = -count / 10; time < count; time += 1) {
    const versions = { here: await settledVersion(askers.here), there: await settledVersion(askers.there) };
    // Purges come at any time, not in step with whatever the instances do regularly.
    await pause(Math.random() * 20);
    const sentMs = performance.now();
    const ended = Promise.all([
      untilOther(askers.here, versions.here),
      untilOther(askers.there, versions.there),
    ]);
    await purge(told, 'the-tag', false);
    const [hereMs, thereMs] = await ended;
    if (time < 0) continue;
    result.here.push(hereMs - sentMs);
    result.there.push(thereMs - sentMs);
  }
  askers.here.close();
  askers.there.close();
  return result;
}

/** The version an instance has stored. Two of them may have fetched one each. */
async function settledVersion(asker: Asker): Promise<string> {
  for (;;) {
    const version = await versionOf(asker);
    if (version === (await versionOf(asker))) return version;
  }
}

/** When the first answer with another version was here. */
async function untilOther(asker: Asker, version: string): Promise<number> {
  while ((await versionOf(asker)) === version) await pause(pauseMs);
  return performance.now();
}

async function versionOf(asker: Asker): Promise<string> {
  const { head } = await asker.ask(request);
  const version = /^x-version: (\d+)/im.exec(head)?.[1];
  if (version === undefined)
    throw new Error(`an answer without a version: ${head.split('\r\n', 1)[0] ?? ''}`);
  return version;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function print(name: string, { here, there }: Times): void {
  const cells = [there, here].flatMap((some) => [0.5, 0.99].map((share) => percentile(some, share)));
  console.log(name.padEnd(46) + cells.map((ms) => ms.toFixed(1).padStart(9)).join(' '));
}
