/** A patch as lines of a rules file, for people to read. */

import { stringify } from 'yaml';
import type { Patch } from './advice.ts';

const beside = { set: '', add: 'added', remove: 'removed' };

/** The patch with the sections around it. */
export function patchYaml({ op, path, value, from }: Patch): string {
  const lines = path.map((key, depth) =>
    typeof key === 'number'
      ? `${'  '.repeat(depth)}# the rule ${from ?? key}`
      : `${'  '.repeat(depth)}${key}:`,
  );
  const inner = stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd();
  if (op === 'set')
    return [...lines.slice(0, -1), `${lines.at(-1) ?? ''} ${inner}    # was ${from ?? 'absent'}`].join('\n');
  return [...lines, `${'  '.repeat(path.length)}- ${inner}    # ${beside[op]}`].join('\n');
}
