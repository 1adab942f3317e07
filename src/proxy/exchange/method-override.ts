/** Does a request claim to be of another method than its own? Some frameworks believe it. */

import type { Fields } from '../../http/message.ts';
import { foldFieldName } from '../../http/field-name.ts';
import { methodOverrideFields } from '../../policy/key/unkeyed-fields.ts';

/** Whether a method override field is among the fields. */
export function overridesMethod({ unusual }: { readonly unusual: Fields }): boolean {
  return unusual.some((name, index) => index % 2 === 0 && methodOverrideFields.includes(foldFieldName(name)));
}
