/** The field block of an answer from memory: what is the same each time is written once, the rest with each second. */

import { cacheStatusValue } from '../../http/cache-status.ts';
import { seconds } from '../../kit/time.ts';
import type { Hit } from '../hits.ts';
import type { PreparedAnswer } from '../prepared-answer.ts';
import { blockOf } from './hpack-writer.ts';

const blocks = new WeakMap<PreparedAnswer, Buffer>();
/** What node:http2 drops or refuses, beside what a prepared head never has. */
const ofOneConnection: ReadonlySet<string> = new Set(['proxy-connection', 'http2-settings', 'te']);

/** The block as far as it does not change: of the very fields that HTTP/1.1 is sent. `undefined`: not all may be sent. */
export function blockOfAnswer(answer: PreparedAnswer): Buffer | undefined {
  const before = blocks.get(answer);
  if (before !== undefined) return before;
  const fields = fieldsOf(answer);
  if (fields.some((name, index) => index % 2 === 0 && ofOneConnection.has(name))) return undefined;
  const block = blockOf(fields);
  blocks.set(answer, block);
  return block;
}

function fieldsOf({ status, text }: PreparedAnswer): string[] {
  const fields = [':status', String(status)];
  const [, ...lines] = text.toString('latin1').split('\r\n');
  for (const line of lines) {
    const colon = line.indexOf(': ');
    if (colon > 0) fields.push(line.slice(0, colon).toLowerCase(), line.slice(colon + 2));
  }
  return fields;
}

/** What follows: most of it is the same for many answers of one instant. */
export class BlockTails {
  #age = -1;
  #ttl = -1;
  #date: string | undefined;
  #block: Buffer = Buffer.alloc(0);

  /** The rest of a block. */
  for({ answer, age, ttl }: Hit, date: string): Buffer {
    const wholeAge = Math.floor(age);
    const wholeTtl = Math.ceil(ttl);
    const own = answer.hasDate ? undefined : date;
    if (wholeAge === this.#age && wholeTtl === this.#ttl && own === this.#date) return this.#block;
    this.#age = wholeAge;
    this.#ttl = wholeTtl;
    this.#date = own;
    const cacheStatus = cacheStatusValue({ kind: 'hit', ttl: seconds(wholeTtl) });
    const dated = own === undefined ? [] : ['date', own];
    this.#block = blockOf(['age', String(wholeAge), 'cache-status', cacheStatus, ...dated]);
    return this.#block;
  }
}
