/**
 * Entries of a list that bear names must bear different ones: logs, metrics and reports tell them apart by it.
 */

import type { Placed, Reading } from './reader.ts';

/** Reports each entry whose name an earlier one has. */
export function refuseRepeatedNames(named: readonly Placed<{ readonly name: string }>[], at: Reading): void {
  const seen = new Set<string>();
  for (const { value, place } of named) {
    if (seen.has(value.name))
      at.report('duplicate-name', `\`${value.name}\` is the name of an earlier entry too`, place);
    seen.add(value.name);
  }
}
