/** Does a request claim to be of another method than its own? Some frameworks believe it. */

import type { Fields } from '../http/message.ts';
import { foldFieldName, methodOverrideFields } from '../policy/unkeyed-fields.ts';

const shortest = Math.min(...methodOverrideFields.map((name) => name.length));
const longest = Math.max(...methodOverrideFields.map((name) => name.length));

/** Whether a method override field is among the fields. */
export function overridesMethod({ unusual }: { readonly unusual: Fields }): boolean {
  for (let index = 0; index < unusual.length; index += 2) {
    const name = unusual[index] ?? '';
    if (name.length < shortest || name.length > longest || (name[0] !== 'x' && name[0] !== 'X')) continue;
    if (methodOverrideFields.includes(foldFieldName(name))) return true;
  }
  return false;
}
