/**
 * Decides whether V8's backtracking engine runs a pattern in linear time for every path.
 *
 * The argument. A group is settled if only one length of it can lead on: a `:name` followed by `/` or the end (it
 * cannot hold a `/`), a run of a class without `/` before the same, a fixed length. Any other group is open: the engine
 * tries its lengths one by one. With at most one open group there are at most as many attempts as characters. The
 * attempts together stay linear if each begins a segment of its own before it meets another group of unbounded length,
 * which a `/` between the two ensures: then no character is read more often than the pattern has parts.
 * So `/user/:id/files`, `/:name.:ext(html|json)`, `/static/*` and `/*` + `/edit` pass; `/:a-:b-:c`, `/*` + `x*y`,
 * `:name+` with something after it and `(a+)+` do not.
 *
 * Promise: it errs only towards "no"; `pattern.test.ts` tries hostile paths against each "yes".
 */

import type { Part } from './pattern-parts.ts';

type Capture = Exclude<Part, { kind: 'text' }>;

/** Whether the native engine is certainly linear. */
export function runsLinear(parts: readonly Part[]): boolean {
  if (parts.filter((part) => part.modifier === '?').length > 3) return false;
  const lengths = parts.map((_, index) => lengthAt(parts, index));
  if (lengths.includes('unknown')) return false;
  const open = lengths.indexOf('open');
  if (open < 0) return true;
  if (lengths.includes('open', open + 1) || lengths.includes('loop')) return false;
  return meetsSlashFirst(parts.slice(open), lengths.slice(open + 1));
}

/** `loop`: settled, but spans several segments. */
type Length = 'fixed' | 'settled' | 'open' | 'loop' | 'rest' | 'unknown';

function lengthAt(parts: readonly Part[], index: number): Length {
  const part = parts[index];
  if (part === undefined) return 'unknown';
  const repeats = part.modifier === '*' || part.modifier === '+';
  if (part.kind === 'text') return repeats ? 'unknown' : 'fixed';
  const isLast = index === parts.length - 1;
  if (repeats) {
    const isPathOfNames = part.kind === 'segment' && part.prefix === '/' && part.suffix === '' && isLast;
    return isPathOfNames ? 'loop' : 'unknown';
  }
  if (part.kind === 'everything') return isLast && part.suffix === '' ? 'rest' : 'open';
  return captureLength(part, endsAtSlash(part.suffix, parts.slice(index + 1)));
}

function captureLength(part: Capture, endsSegment: boolean): Length {
  if (part.kind === 'segment') return endsSegment ? 'settled' : 'open';
  if (isFixed(part.source)) return 'fixed';
  const run = runSyntax.exec(part.source)?.groups?.['atom'];
  if (run !== undefined) return endsSegment && !new RegExp(run, 'v').test('/') ? 'settled' : 'open';
  if (!wordsSyntax.test(part.source)) return 'unknown';
  const words = part.source.split('|');
  const isSettled = words.every((word) => words.filter((other) => other.startsWith(word)).length === 1);
  return isSettled ? 'fixed' : 'open';
}

const atom = String.raw`(?:\\[dw]|\\[.\/\-]|\[(?:\\[dw]|\\-|[a-zA-Z0-9_]-[a-zA-Z0-9_]|[a-zA-Z0-9_.~])+\]|[a-zA-Z0-9_~\/\-])`;
const fixedSyntax = new RegExp(`^(?:${atom}(?:\\{\\d{1,2}\\})?)+$`);
const runSyntax = new RegExp(`^(?<atom>${atom})(?:[+*]|\\{\\d{1,2},\\d{0,2}\\})$`);
const wordsSyntax = /^[\w\-]+(?:\|[\w\-]+)*$/;

const isFixed = (source: string): boolean => fixedSyntax.test(source);

/** Whether only `/` or the end of the path can follow a group with this suffix and these parts after it. */
export function endsAtSlash(suffix: string, following: readonly Part[]): boolean {
  if (suffix !== '') return suffix.startsWith('/');
  for (const part of following) {
    const lead = part.kind === 'text' ? part.text : part.prefix;
    if (!lead.startsWith('/')) return false;
    if (part.modifier === '' || part.modifier === '+') return true;
  }
  return true;
}

/** Whether a `/` precedes the next group of unbounded length. The rest of a path costs nothing: it always matches. */
function meetsSlashFirst(fromOpen: readonly Part[], lengths: readonly Length[]): boolean {
  const [open, ...following] = fromOpen;
  let between = open !== undefined && open.kind !== 'text' ? open.suffix : '';
  for (const [index, part] of following.entries()) {
    const length = lengths[index];
    if (part.modifier !== '') return false;
    between += part.kind === 'text' ? part.text : part.prefix;
    if (between.includes('/') || length === 'rest') return true;
    if (length === 'settled') return false;
    between += part.kind === 'text' ? '' : part.suffix;
  }
  return true;
}
