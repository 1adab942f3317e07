/**
 * Reads field blocks (HPACK, RFC 7541), and follows the dynamic table of whoever writes them.
 *
 * Promises: the table takes 4096 bytes at most, as was announced; of a block that means more than `mostListBytes` the rest is
 * read for the table alone; a block that breaks a rule is `undefined`, and the connection cannot go on.
 */

import type { Fields } from '../../http/message.ts';
import { huffmanText } from './huffman.ts';
import { staticCount, staticFields } from './static-table.ts';

export type ReadFields = {
  /** Not all of them, where `bytes` is more than `mostListBytes`. */
  readonly fields: Fields;
  /** By the measure of RFC 9113 §6.5.2: each field with 32 bytes more. */
  readonly bytes: number;
};

/** SETTINGS_HEADER_TABLE_SIZE as long as nobody announces another. */
const mostTableBytes = 4096;
const fieldBytes = 32;
/** More than node:http2 reads of a head: it refuses what is far smaller. */
export const mostListBytes = 80 * 1024;

/** The reader of one connection. */
export class HpackReader {
  /** Rises with each change of the table: a block means the same as long as it is the same. */
  version = 0;
  /** Names and values in turn, the newest last. */
  readonly #table: string[] = [];
  #tableBytes = 0;
  #mostTableBytes = mostTableBytes;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #isBad = false;
  #fields: string[] = [];
  #listBytes = 0;

  /** Reads a whole block; `undefined`: it cannot be read. */
  read(block: Buffer): ReadFields | undefined {
    this.#bytes = block;
    this.#at = 0;
    this.#isBad = false;
    this.#fields = [];
    this.#listBytes = 0;
    let isFirst = true;
    while (this.#mayRead()) isFirst = this.#readOne(block[this.#at] ?? 0, isFirst);
    return this.#at === block.length ? { fields: this.#fields, bytes: this.#listBytes } : undefined;
  }

  #mayRead(): boolean {
    if (this.#isBad) this.#at = Infinity;
    return this.#at < this.#bytes.length;
  }

  /** Gives whether a change of the table's size may follow: it may be nowhere but at the beginning. */
  #readOne(first: number, isFirst: boolean): boolean {
    if (first >= 0x80) {
      const number = this.#integer(7);
      this.#add(this.#nameOf(number), this.#valueOf(number));
    } else if (first >= 0x40) {
      const [name, value] = this.#literal(6);
      this.#insert(name, value);
      this.#add(name, value);
    } else if (first >= 0x20) {
      const size = this.#integer(5);
      if (isFirst) this.#resize(size);
      else this.#isBad = true;
      return true;
    } else this.#add(...this.#literal(4));
    return false;
  }

  #literal(prefix: number): [name: string, value: string] {
    const number = this.#integer(prefix);
    const name = number === 0 ? this.#string() : this.#nameOf(number);
    return [name, this.#string()];
  }

  #add(name: string, value: string): void {
    if (this.#listBytes < mostListBytes) this.#fields.push(name, value);
    this.#listBytes += name.length + value.length + fieldBytes;
  }

  /** Where the field with a number is in the table; `undefined`: in the static one, or nowhere. */
  #placeOf(number: number): number | undefined {
    const place = this.#table.length - (number - staticCount) * 2;
    if (number > staticCount && place >= 0) return place;
    if (number < 1 || number > staticCount) this.#isBad = true;
    return undefined;
  }

  #nameOf(number: number): string {
    const place = this.#placeOf(number);
    return (place === undefined ? staticFields[number * 2 - 2] : this.#table[place]) ?? '';
  }

  #valueOf(number: number): string {
    const place = this.#placeOf(number);
    return (place === undefined ? staticFields[number * 2 - 1] : this.#table[place + 1]) ?? '';
  }

  /** RFC 7541 §4.4: one that is larger than the table empties it. */
  #insert(name: string, value: string): void {
    if (this.#isBad) return;
    this.version += 1;
    const bytes = name.length + value.length + fieldBytes;
    this.#evict(this.#mostTableBytes - bytes);
    if (bytes > this.#mostTableBytes) return;
    this.#table.push(name, value);
    this.#tableBytes += bytes;
  }

  #resize(size: number): void {
    if (size > mostTableBytes) this.#isBad = true;
    if (this.#isBad || size === this.#mostTableBytes) return;
    this.version += 1;
    this.#mostTableBytes = size;
    this.#evict(size);
  }

  #evict(toBytes: number): void {
    let gone = 0;
    while (this.#tableBytes > toBytes && gone < this.#table.length) {
      const [name, value] = [this.#table[gone] ?? '', this.#table[gone + 1] ?? ''];
      this.#tableBytes -= name.length + value.length + fieldBytes;
      gone += 2;
    }
    if (gone > 0) this.#table.splice(0, gone);
  }

  /** RFC 7541 §5.1. Nothing that is right here needs more than four further bytes. */
  #integer(prefix: number): number {
    const most = 2 ** prefix - 1;
    const value = (this.#next() ?? 0) & most;
    if (value < most) return value;
    let rest = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#next();
      if (byte === undefined) return 0;
      rest += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return most + rest;
    }
    this.#isBad = true;
    return 0;
  }

  #next(): number | undefined {
    const byte = this.#bytes[this.#at];
    this.#at += 1;
    if (byte === undefined) this.#isBad = true;
    return byte;
  }

  #string(): string {
    const isCoded = (this.#bytes[this.#at] ?? 0) >= 0x80;
    const length = this.#integer(7);
    const from = this.#at;
    const to = from + length;
    if (to > this.#bytes.length) this.#isBad = true;
    if (this.#isBad) return '';
    this.#at = to;
    const text = isCoded ? huffmanText(this.#bytes, from, to) : this.#bytes.toString('latin1', from, to);
    if (text === undefined) this.#isBad = true;
    return text ?? '';
  }
}
