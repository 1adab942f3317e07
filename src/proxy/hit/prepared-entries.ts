/** What is sent of an entry each time, made when it is first needed, and kept as long as the entry, or while it is among the last. */

import { gzipFields } from '../../http/content-coding.ts';
import { withoutFields } from '../../http/fields.ts';
import type { Entry } from '../../store/store.ts';
import type { PreparedForms } from '../exchange/exchange.ts';

/** Written anew for each answer. */
export const agedFields: ReadonlySet<string> = new Set(['age', 'content-length']);

/** Decoded bodies take memory beside the store. */
const mostPlain = 32;
const mostPlainBytes = 2 * 1024 * 1024;

/** Beside the entries, not in them: an entry made by spreading another must not take over what was made for that one. */
export class PreparedEntries implements PreparedForms {
  readonly #fields = new WeakMap<Entry, readonly string[]>();
  readonly #gzip = new WeakMap<Entry, Entry>();
  /** The last used is last. */
  readonly #plain = new Map<Entry, Entry>();
  #plainBytes = 0;
  /** What is being decoded: all who want it wait for the same. */
  readonly #toCome = new Map<Entry, Promise<Entry>>();

  fieldsOf(entry: Entry): readonly string[] {
    const before = this.#fields.get(entry);
    if (before !== undefined) return before;
    const fields = withoutFields(entry.fields, agedFields);
    if (entry.status !== 204) fields.push('Content-Length', String(entry.body.length));
    this.#fields.set(entry, fields);
    return fields;
  }

  gzipOf(entry: Entry): Entry {
    const before = this.#gzip.get(entry);
    if (before !== undefined) return before;
    const form = { ...entry, fields: gzipFields(entry.fields) };
    this.#gzip.set(entry, form);
    return form;
  }

  plainOf(entry: Entry, decode: (entry: Entry) => Entry): Entry {
    const before = this.#plain.get(entry);
    if (before !== undefined) {
      this.#drop(entry, before);
      this.#keep(entry, before);
      return before;
    }
    const plain = decode(entry);
    if (plain !== entry && bytesOf(entry, plain) <= mostPlainBytes) this.#keep(entry, plain);
    return plain;
  }

  plainToCome(entry: Entry, decode: (entry: Entry) => Promise<Entry>): Promise<Entry> | undefined {
    if (this.#plain.has(entry)) return undefined;
    const before = this.#toCome.get(entry);
    if (before !== undefined) return before;
    const plain = decode(entry)
      .then((made) => this.plainOf(entry, () => made))
      .finally(() => this.#toCome.delete(entry));
    this.#toCome.set(entry, plain);
    return plain;
  }

  #keep(entry: Entry, plain: Entry): void {
    this.#plain.set(entry, plain);
    this.#plainBytes += bytesOf(entry, plain);
    for (const [oldest, form] of this.#plain) {
      if (this.#plain.size <= mostPlain && this.#plainBytes <= mostPlainBytes) return;
      this.#drop(oldest, form);
    }
  }

  #drop(entry: Entry, plain: Entry): void {
    this.#plain.delete(entry);
    this.#plainBytes -= bytesOf(entry, plain);
  }
}

/** The coded body may have left the store. */
const bytesOf = (coded: Entry, plain: Entry): number => coded.body.length + plain.body.length;
