/**
 * Reads `X-LiteSpeed-Purge`: what the answer of an app written for LiteSpeed purges.
 *
 *   X-LiteSpeed-Purge: tag=news, tag=front; stale, /archive; private, *
 *
 * Promises: nothing throws. What is not understood purges nothing; nothing else is left out.
 */
import { fieldLines, trimWhitespace } from './fields.ts';
import { isUnsafeMethod } from './invalidation.ts';
import type { Fields } from './message.ts';

/** One `;`-separated part. `private`: only what is stored for the user who asked. `soft`: made stale, not removed. */
export type LiteSpeedPurge = {
  readonly tags: readonly string[];
  readonly paths: readonly string[];
  readonly everything: boolean;
  readonly private: boolean;
  readonly soft: boolean;
};

/** More selectors than these purge everything: some may not be left out. */
const mostSelectors = 4096;

/** What a response purges; nothing where the method is safe. */
export function liteSpeedPurges({ method, fields }: { method: string; fields: Fields }): LiteSpeedPurge[] {
  const lines = isUnsafeMethod(method) ? fieldLines(fields, 'x-litespeed-purge') : [];
  if (lines.flatMap((line) => line.split(/[;,]/, mostSelectors + 1)).length > mostSelectors)
    return [readPart('*')];
  return lines
    .flatMap((line) => line.split(';'))
    .map(readPart)
    .filter(({ tags, paths, everything }) => everything || tags.length + paths.length > 0);
}

/** Whether each item of a value is one that this reads. */
export const isLiteSpeedPurge = (value: string): boolean =>
  value
    .split(/[;,]/)
    .map(trimWhitespace)
    .every((item) => isTag(item) || isPath(item) || words.has(item));

function readPart(part: string): LiteSpeedPurge {
  const items = part.split(',').map(trimWhitespace);
  return {
    tags: items.filter(isTag).map((item) => trimWhitespace(item.slice('tag='.length))),
    paths: items.filter(isPath),
    everything: items.includes('*'),
    private: items.includes('private'),
    soft: items.includes('stale'),
  };
}

const isTag = (item: string): boolean => /^tag=./.test(item);
const isPath = (item: string): boolean => item.startsWith('/');
const words: ReadonlySet<string> = new Set(['', '*', 'public', 'private', 'stale']);
