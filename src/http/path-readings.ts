/**
 * Lists the paths that an origin may read a canonical path as. `/a%2Fb` is a resource of its own, but an origin that
 * decodes before it splits sees `/a/b`. Rules check every reading; the safest one decides
 * (`policy/rules/safest-match.ts`).
 *
 * In this order, an origin may: take what follows two slashes for a host (`new URL`), decode over-long UTF-8, decode repeatedly, cut parameters (`;x`), read `%5C` as `/`,
 * decode `%2F` and `%3B`, cut the parameters and the host this revealed, merge slashes, resolve dot segments.
 *
 * Promises: the first reading is the path itself; an ordinary path has no other. All have the spelling of patterns.
 * Their number is bounded.
 */

import { isPlain, removeDotSegments, spelled, targetText } from './path-spelling.ts';

type PathReadings = {
  readonly paths: readonly [sent: string, ...others: string[]];
  /** Whether they are few and no hidden dot segment leads out of its segment. */
  readonly isClear: boolean;
  /** A path with more readings is refused: no client has a use for one. */
  readonly isWhole: boolean;
};

const mostReadings = 64;
const mostCharacters = 65_536;
const mostClear = 16;

/** All readings of a path. */
export function readingsOf(path: string): PathReadings {
  if (!isOdd.test(path)) return { paths: [path], isClear: true, isWhole: true };
  const paths = allReadings(path);
  if (paths === undefined || isNested.test(path)) return { paths: [path], isClear: false, isWhole: false };
  const [, ...others] = paths;
  const hidesDots = others.some((reading) => dotSegment.test(reading));
  return { paths: [path, ...others], isClear: !hidesDots && paths.size <= mostClear, isWhole: true };
}

function allReadings(path: string): ReadonlySet<string> | undefined {
  const most = Math.min(mostReadings, mostCharacters / path.length);
  const paths = new Set([path]);
  for (const read of readers) {
    for (const known of [...paths]) paths.add(read(known));
    if (paths.size > most) return undefined;
  }
  return paths;
}

/** All readings of a canonical path and query, the target itself first. */
export function targetReadings(target: string): readonly [sent: string, ...others: string[]] {
  const mark = target.indexOf('?');
  const query = mark === -1 ? undefined : target.slice(mark + 1);
  const [, ...others] = readingsOf(mark === -1 ? target : target.slice(0, mark)).paths;
  return [target, ...others.map((path) => targetText(path, query))];
}

/** Escapes nested deeper than the decoding rounds below. */
const isNested = /%(?:25){4}[\dA-F]{2}/i;
const isOdd = /%(?:2F|5C|3B|25[\dA-F]{2}|C[01]%[89AB]|E0%[89]|F0%8)|;|\/\//i;
const dotSegment = /\/\.{1,2}(?:\/|$)/;

const decodeOverlong = (path: string): string =>
  path.replace(overlong, (bytes) => {
    const [lead = 0, ...rest] = bytes
      .slice(1)
      .split('%')
      .map((byte) => Number.parseInt(byte, 16));
    return spelled(rest.reduce((code, byte) => ((code << 6) | (byte & 0x3f)) & 0x7f, lead & 1));
  });
const overlong = /%C[01]%[89AB][\dA-F]|%E0%8[01]%[89AB][\dA-F]|%F0%80%8[01]%[89AB][\dA-F]/gi;

/** Decodes once more: `%2541` becomes `%41`, which is spelled `A`. */
const decodeAgain = (path: string): string =>
  path.replace(/%25([\dA-F]{2})/gi, (_escape, digits: string) => {
    const code = Number.parseInt(digits, 16);
    return isPlain(code) ? spelled(code) : `%${digits.toUpperCase()}`;
  });

/** `new URL(path, base)` and `parse_url` take `//a/b` for the path `/b` of the host `a` (RFC 3986 §4.2). */
const cutHost = (path: string): string => path.replace(/^\/{2,}[^/]+\/?/, '/');

const cutParameters = (path: string): string => path.replace(/;[^/]*/g, '');

const readers: readonly ((path: string) => string)[] = [
  cutHost,
  decodeOverlong,
  decodeAgain,
  decodeAgain,
  decodeAgain,
  decodeOverlong,
  cutParameters,
  (path) => path.replaceAll('%5C', '/'),
  (path) => path.replaceAll('%2F', '/'),
  (path) => path.replaceAll('%3B', ';'),
  cutParameters,
  cutHost,
  (path) => path.replace(/\/{2,}/g, '/'),
  removeDotSegments,
];
