/**
 * Reads `X-LiteSpeed-Purge`: what the answer of an app written for LiteSpeed purges.
 *
 *   X-LiteSpeed-Purge: tag=news, tag=front; stale, /archive; private, *
 *
 * Promises: nothing throws, and the number of selectors is bounded. What is not understood purges nothing.
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

const mostSelectors = 256;

/** What a response purges; nothing where the method is safe. */
export const liteSpeedPurges = ({ method, fields }: { method: string; fields: Fields }): LiteSpeedPurge[] =>
  isUnsafeMethod(method)
    ? fieldLines(fields, 'x-litespeed-purge')
        .flatMap((line) => line.split(';'))
        .slice(0, mostSelectors)
        .map(readPart)
        .filter(({ tags, paths, everything }) => everything || tags.length + paths.length > 0)
    : [];

function readPart(part: string): LiteSpeedPurge {
  const items = part.split(',', mostSelectors).map(trimWhitespace);
  return {
    tags: items
      .filter((item) => /^tag=./.test(item))
      .map((item) => trimWhitespace(item.slice('tag='.length))),
    paths: items.filter((item) => item.startsWith('/')),
    everything: items.includes('*'),
    private: items.includes('private'),
    soft: items.includes('stale'),
  };
}
