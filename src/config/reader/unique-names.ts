/** Refuses repeated names in a list: logs, metrics and reports identify the entries by them. */

import { type Placed, type Reader, type Reading, listOf, placed, then } from './reader.ts';

/** Reports each entry with the name of an earlier one. */
export function refuseRepeatedNames(named: readonly Placed<{ readonly name: string }>[], at: Reading): void {
  const seen = new Set<string>();
  for (const { value, place } of named) {
    if (seen.has(value.name))
      at.report('duplicate-name', `duplicate name \`${value.name}\`; an earlier entry has it`, place);
    seen.add(value.name);
  }
}

/** A list whose entries have different names. */
export const namedList = <T extends { readonly name: string }>(reader: Reader<T>): Reader<readonly T[]> =>
  then(
    listOf(placed(reader), ({ items }, at) => refuseRepeatedNames(items, at)),
    (found) => found.map(({ value }) => value),
  );
