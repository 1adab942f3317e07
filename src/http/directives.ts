/** Parses `Cache-Control` into names, arguments and seconds. A malformed directive never hides its neighbours. */
import { seconds, type Seconds } from '../kit/time.ts';
import { isToken } from './field-name.ts';
import { fieldLines, parseList, trimWhitespace } from './fields.ts';
import type { Fields } from './message.ts';

/** `malformed` (RFC 9111 §5.2): a limit is not believed, a prohibition applies unqualified. */
export type Directive = {
  readonly name: string;
  readonly argument: string;
  readonly form: 'none' | 'token' | 'quoted' | 'malformed';
};

/** RFC 9111 §1.2.2: a number too large to represent is "the greatest positive integer" available: some 3,000 years. */
export const longestTime: Seconds = seconds(100_000_000_000);

/** Every directive in all lines of the field. With a quote each line is also read alone, so that none is hidden. */
export function parseDirectives(fields: Fields, lowerName: string): Directive[] {
  const lines = fieldLines(fields, lowerName);
  const joined = lines.join(', ');
  const pieces = parseList(joined);
  const byLine = lines.length > 1 && joined.includes('"') ? lines.flatMap((line) => parseList(line)) : [];
  return [...pieces, ...byLine].map(parseDirective);
}

/** A `delta-seconds` argument, token or quoted; undefined unless it is all digits. */
export function deltaSeconds({ argument, form }: Directive): Seconds | undefined {
  if (form !== 'token' && form !== 'quoted') return undefined;
  return parseDeltaSeconds(argument);
}

/** A non-negative whole number of seconds, at most `longestTime`; undefined unless it is all digits. */
export const parseDeltaSeconds = (text: string): Seconds | undefined =>
  /^\d+$/.test(text) ? seconds(Math.min(Number(text), longestTime)) : undefined;

/** The field names in an argument, lower-case; undefined unless it is a list of them. */
export function listedNames({ argument, form }: Directive): string[] | undefined {
  if (form !== 'token' && form !== 'quoted') return undefined;
  const names = parseList(argument).map((name) => name.toLowerCase());
  return names.length > 0 && names.every((name) => fieldName.test(name)) ? names : undefined;
}

// A field name may begin with a digit, but none does: `private=1` means `private`.
const fieldName = /^[a-z][!#$%&'*+\-.^_`|~0-9a-z]*$/;
const leadingToken = /^[!#$%&'*+\-.^_`|~0-9a-z]*/i;

function parseDirective(piece: string): Directive {
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
}

const quotedString = /^"(?:[^"\\]|\\.)*"$/s;
