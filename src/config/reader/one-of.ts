/** Keys of a section of which exactly one must be given. */

import type { YAMLMap } from 'yaml';
import { placeOf } from './document.ts';
import { type Reading, placeOfKey } from './reader.ts';

/** Reports a section that has none of these keys, or more than one. */
export function checkOneOf(keys: readonly string[], at: Reading, node: YAMLMap): void {
  const [first, second] = keys.filter((key) => node.has(key));
  const [start] = placeOf(node);
  const listed = keys.map((key) => `\`${key}\``).join(' or ');
  if (first === undefined) at.report('missing-key', `missing key: ${listed}`, [start, start + 1]);
  if (first === undefined || second === undefined) return;
  const why = `\`${first}\` and \`${second}\` cannot be used together`;
  at.report('conflicting-keys', why, placeOfKey(node, second));
}
