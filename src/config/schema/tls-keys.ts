/** Reads the keys for TLS as a client: the other side's authority, and our own certificate with its key. */

import type { YAMLMap } from 'yaml';
import { text } from '../reader/read-scalar.ts';
import { optional, placeOfKey, type Reading } from '../reader/reader.ts';

/** Paths of PEM files. */
export const tlsKeys = { ca: optional(text), cert: optional(text), key: optional(text) };

/** Reports a certificate without its key, and a key without its certificate. */
export function checkPair(at: Reading, node: YAMLMap): void {
  for (const [one, other] of [
    ['cert', 'key'],
    ['key', 'cert'],
  ] as const) {
    if (node.has(one) && !node.has(other))
      at.report('missing-key', `\`${one}\` requires \`${other}\``, placeOfKey(node, one));
  }
}

/** Our own certificate, if there is one. */
export const clientOf = (cert: string | undefined, key: string | undefined) =>
  cert === undefined || key === undefined ? undefined : { cert, key };
