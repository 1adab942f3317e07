/** An operator's expression that finds a name in a text that others write: RE2 runs it, so none takes more than linear time. */

import { RE2JS } from 're2js';

/** Compiles an expression to a function that gives its first group, wherever it matches; `undefined` if it is not valid. */
export function firstGroup(source: string): ((text: string) => string | undefined) | undefined {
  try {
    const expression = RE2JS.compile(source);
    return (text) => {
      const matcher = expression.matcher(text);
      return matcher.find() && matcher.groupCount() > 0 ? (matcher.group(1) ?? undefined) : undefined;
    };
  } catch {
    // The reason is in RE2's terms; the caller says what is allowed.
    return undefined;
  }
}
