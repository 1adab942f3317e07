/**
 * Refuses repeated names in a list: logs, metrics and reports identify the entries by them.
 */

import type { Placed, Reading } from './reader.ts';

/** Reports each entry with the name of an earlier one. */
export function refuseRepeatedNames(named: readonly Placed<{ readonly name: string }>[], at: Reading): void {
  const seen = new Set<string>();
  for (const { value, place } of named) {
    if (seen.has(value.name))
      at.report('duplicate-name', `duplicate name \`${value.name}\`; an earlier entry has it`, place);
    seen.add(value.name);
  }
}
