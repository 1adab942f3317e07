/** What is sent of an entry each time, made when it is first needed, and kept as long as the entry, or while it is among the last. */

import { gzipFields } from '../../http/content-coding.ts';
import { withoutFields } from '../../http/fields.ts';
import { BoundedMap } from '../../kit/bounded-map.ts';
import type { Entry } from '../../store/store.ts';
import type { PreparedForms } from '../exchange/exchange.ts';

/** Written anew for each answer. */
export const agedFields: ReadonlySet<string> = new Set(['age', 'content-length']);

/** Decoded bodies take memory beside the store: 2 MiB at most. */
const mostPlain = 32;
const largestPlainBytes = 64 * 1024;

/** Beside the entries, not in them: an entry made by spreading another must not take over what was made for that one. */
export class PreparedEntries implements PreparedForms {
  readonly #fields = new WeakMap<Entry, readonly string[]>();
  readonly #gzip = new WeakMap<Entry, Entry>();
  readonly #plain = new BoundedMap<Entry, Entry>(mostPlain);

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
    if (before !== undefined) return before;
    const plain = decode(entry);
    if (plain !== entry && plain.body.length <= largestPlainBytes) this.#plain.set(entry, plain);
    return plain;
  }
}
