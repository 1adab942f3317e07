/**
 * Does it matter how many entries a purged tag holds? `POST /purge` for a tag of 100 000 entries and for one of 100: both
 * in one store, then each in a store of its own, with all entries in memory and with most of them in Redis only.
 *
 * Measured purges are soft: the entries stay, and each purge meets all of them again. One hard purge of each follows.
 */
import { percentile } from './percentile.ts';
import { controlToken, type Instance, type Place } from './redis-place.ts';

const many = { tag: 'many', count: 100_000 };
const few = { tag: 'few', count: 100 };
const times = 100;
const mostRatio = 2;

/**
 * Measures and prints; whether the ratio is as asked. The rows of two stores show what counting costs: the receipt says how
 * many entries were met, after the purge is in force.
 */
export async function purges(place: Place): Promise<boolean> {
  console.log(
    `\nPOST /purge, medians of ${times}    ${many.count} entries      ${few.count} entries    ratio`,
  );
  const small = await place.start({ prefix: 'small', copies: [few] });
  let isReached = true;
  for (const memory of ['64MiB', '1GiB']) {
    const store = `memory: ${memory}`;
    const crowded = await place.start({ store, prefix: `crowded-${memory}`, copies: [many, few] });
    const shared = await compare([crowded, crowded]);
    const apart = await compare([crowded, small]);
    print(`one store, memory ${memory}`, shared);
    print(`two stores, memory ${memory}`, apart);
    const hard = [await purge(crowded, many.tag, false), await purge(crowded, few.tag, false)];
    const [manyOnce, fewOnce] = hard.map(({ matched, ms }) => `${ms.toFixed(1)} ms, ${matched} matched`);
    console.log(`  one hard purge each: ${manyOnce ?? ''}; ${fewOnce ?? ''}`);
    isReached &&= ratioOf(shared) <= mostRatio;
    await crowded.stop();
  }
  await small.stop();
  await place.client.flushall();
  console.log(`asked: a ratio of ${mostRatio} at most: ${isReached ? 'reached' : 'not reached'}`);
  return isReached;
}

type Compared = { readonly manyMs: number; readonly fewMs: number };

const ratioOf = ({ manyMs, fewMs }: Compared): number => manyMs / fewMs;

/** In turn, so that whatever else the machine does meets both. */
async function compare([withMany, withFew]: readonly [Instance, Instance]): Promise<Compared> {
  const ofMany: number[] = [];
  const ofFew: number[] = [];
  for (let time = 0; time < times; time += 1) {
    ofMany.push((await purge(withMany, many.tag, true)).ms);
    ofFew.push((await purge(withFew, few.tag, true)).ms);
  }
  return { manyMs: percentile(ofMany, 0.5), fewMs: percentile(ofFew, 0.5) };
}

type Purged = { readonly ms: number; readonly matched: number };

/** As an operator does it; the time is that until the receipt is here. */
export async function purge({ controlUrl }: Instance, tag: string, soft: boolean): Promise<Purged> {
  const startedMs = performance.now();
  const response = await fetch(`${controlUrl}/purge`, {
    method: 'POST',
    headers: { authorization: `Bearer ${controlToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ tags: [tag], soft }),
  });
  const receipt = (await response.json()) as { readonly matched?: number };
  const ms = performance.now() - startedMs;
  if (response.status !== 200) throw new Error(`purge: ${JSON.stringify(receipt)}`);
  return { ms, matched: receipt.matched ?? 0 };
}

function print(name: string, { manyMs, fewMs }: Compared): void {
  const cells = [`${manyMs.toFixed(2)} ms`.padStart(14), `${fewMs.toFixed(2)} ms`.padStart(16)];
  console.log(`${name.padEnd(28)}${cells.join(' ')} ${ratioOf({ manyMs, fewMs }).toFixed(2).padStart(8)}`);
}
