/**
 * Reads the body of `POST /warm` strictly. It takes paths only: pages are warmed from the configured origin and nowhere else
 * (CONTRACT §3).
 */

import type { WarmRequest } from '../refresh/warm.ts';
import { type Bad, bad, readObject } from './json-body.ts';

export type ReadWarm = { readonly kind: 'ok'; readonly request: WarmRequest } | Bad;

const mostUrls = 50_000;
const mostPopular = 10_000;

/** Reads the body and its content type. */
export function readWarm(body: unknown, contentType: string | undefined): ReadWarm {
  const read = readObject(body, contentType, ['urls', 'popular', 'sitemap']);
  if (read.kind === 'bad') return read;
  const { urls = [], popular = 0, sitemap } = read.fields;
  if (!Array.isArray(urls) || !urls.every(isPath))
    return bad('urls must be a list of paths that begin with /');
  if (urls.length > mostUrls) return bad(`urls has more than ${mostUrls} paths`);
  if (!isCount(popular)) return bad(`popular must be a whole number from 0 to ${mostPopular}`);
  if (sitemap !== undefined && !isPath(sitemap)) return bad('sitemap must be a path that begins with /');
  if (urls.length === 0 && popular === 0 && sitemap === undefined)
    return bad('nothing to warm: give urls, popular or sitemap');
  return { kind: 'ok', request: { urls, popular, sitemap } };
}

const isPath = (value: unknown): value is string => typeof value === 'string' && /^\/[^#\s]*$/.test(value);

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= mostPopular;
