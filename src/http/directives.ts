/**
 * What a `Cache-Control` field says, taken apart: names, arguments, and numbers of seconds. What they mean is decided in
 * cache-control.ts.
 *
 * Promises: nothing throws; a malformed piece never hides the directives around it.
 */
import { seconds, type Seconds } from '../kit/time.ts';
import { isToken } from './field-name.ts';
import { fieldLines, parseList, trimWhitespace } from './fields.ts';
import type { Fields } from './message.ts';

/**
 * One directive. `name` is lower-case. `form` tells how the argument came: `malformed` covers whitespace around `=`,
 * characters after a token or a quoted string, and an argument that is empty: none of them is grammar (RFC 9111 §5.2),
 * so a limit given that way is not believed, and a prohibition given that way is taken whole.
 */
export type Directive = {
  readonly name: string;
  readonly argument: string;
  readonly form: 'none' | 'token' | 'quoted' | 'malformed';
};

/** RFC 9111 §1.2.2: a number too large to represent is "the greatest positive integer" at hand: some 3,000 years. */
export const longestTime: Seconds = seconds(100_000_000_000);

/**
 * Every directive of the field, all lines together.
 *
 * Lines are read joined, as RFC 9110 §5.3 says, and, when a quote is about, each by itself too: where the two readings
 * differ (a quote opened in one line and closed in another) the directives of both count, so that none is hidden.
 */
export const parseDirectives = (fields: Fields, lowerName: string): Directive[] => {
  const lines = fieldLines(fields, lowerName);
  const joined = lines.join(', ');
  const pieces = parseList(joined);
  const byLine = lines.length > 1 && joined.includes('"') ? lines.flatMap((line) => parseList(line)) : [];
  return [...pieces, ...byLine].map(parseDirective);
};

/** A `delta-seconds` argument, a token or quoted; undefined when it is anything but digits. */
export const deltaSeconds = ({ argument, form }: Directive): Seconds | undefined => {
  if (form !== 'token' && form !== 'quoted') return undefined;
  return parseDeltaSeconds(argument);
};

/** A non-negative whole number of seconds, at most `longestTime`; undefined when it is anything but digits. */
export const parseDeltaSeconds = (text: string): Seconds | undefined =>
  /^\d+$/.test(text) ? seconds(Math.min(Number(text), longestTime)) : undefined;

/** The field names an argument lists, lower-case; undefined when it lists none that could be one. */
export const listedNames = ({ argument, form }: Directive): string[] | undefined => {
  if (form !== 'token' && form !== 'quoted') return undefined;
  const names = parseList(argument).map((name) => name.toLowerCase());
  return names.length > 0 && names.every((name) => fieldName.test(name)) ? names : undefined;
};

// A field name that begins with a digit is allowed and unheard of: `private=1` means `private`.
const fieldName = /^[a-z][!#$%&'*+\-.^_`|~0-9a-z]*$/;
const leadingToken = /^[!#$%&'*+\-.^_`|~0-9a-z]*/i;

const parseDirective = (piece: string): Directive => {
  const name = leadingToken.exec(piece)?.[0] ?? '';
  const lowerName = name.toLowerCase();
  const rest = piece.slice(name.length);
  if (rest === '') return { name: lowerName, argument: '', form: 'none' };
  const argument = rest.slice(1);
  if (!rest.startsWith('='))
    return { name: lowerName, argument: trimWhitespace(argument), form: 'malformed' };
  if (isToken(argument)) return { name: lowerName, argument, form: 'token' };
  if (quotedString.test(argument)) {
    return { name: lowerName, argument: argument.slice(1, -1).replace(/\\(.)/gs, '$1'), form: 'quoted' };
  }
  return { name: lowerName, argument, form: 'malformed' };
};

const quotedString = /^"(?:[^"\\]|\\.)*"$/s;
