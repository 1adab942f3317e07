/**
 * Fetches a sitemap, an index with its sitemaps included, from the origin; gzip or not.
 *
 * Promises: from the configured origin only, redirects not followed; bounded in bytes, also when unpacked, and in number; one
 * that cannot be had lists nothing, and is told.
 */

import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Fields } from '../http/message.ts';
import type { ProxyParts } from '../proxy/exchange/exchange.ts';
import { readSitemap } from './sitemap.ts';
import type { SiteAddress } from './site-addresses.ts';

const unpack = promisify(gunzip);

/** `failed`: sitemaps that could not be had or read. */
export type SitemapPages = {
  readonly pages: readonly string[];
  readonly skipped: number;
  readonly failed: number;
};

/** The protocol's own bound, unpacked. */
const mostBytes = 50 * 1024 * 1024;
const mostSitemaps = 50;
/** More than anybody warms. */
const mostPages = 50_000;

export type SitemapSource = { readonly parts: ProxyParts; readonly addresses: readonly SiteAddress[] };

/** The pages a sitemap lists, in its order, each once. */
export async function sitemapPages(source: SitemapSource, path: string): Promise<SitemapPages> {
  const pages = new Set<string>();
  let skipped = 0;
  let failed = 0;
  const paths = [path];
  const seen = new Set(paths);
  for (const next of paths) {
    const text = await fetchText(source, next);
    if (text === undefined) {
      failed += 1;
      continue;
    }
    const read = readSitemap(text, ownHosts(source));
    skipped += read.skipped;
    for (const page of read.pages) if (pages.size < mostPages) pages.add(page);
    for (const sitemap of read.sitemaps) {
      if (seen.has(sitemap) || seen.size >= mostSitemaps) continue;
      seen.add(sitemap);
      paths.push(sitemap);
    }
  }
  return { pages: [...pages], skipped, failed };
}

function ownHosts({ parts, addresses }: SitemapSource): (host: string) => boolean {
  const { originHost, config } = parts.site();
  const names = new Set([originHost, ...(config.listen.hosts ?? []), ...addresses.map(({ host }) => host)]);
  return (host) => names.has(host) || names.has(host.replace(/:\d+$/, ''));
}

/** A sitemap's text; `undefined` when there is none. */
async function fetchText({ parts, addresses }: SitemapSource, target: string): Promise<string | undefined> {
  const { originHost, config } = parts.site();
  const host = config.upstream.host === 'upstream' ? originHost : (addresses[0]?.host ?? originHost);
  const body = await fetchBody(parts, target, ['Host', host, 'Accept', '*/*', 'Accept-Encoding', 'identity']);
  if (body === undefined) return undefined;
  const isPacked = body[0] === 0x1f && body[1] === 0x8b;
  if (!isPacked) return body.toString('utf8');
  try {
    return (await unpack(body, { maxOutputLength: mostBytes })).toString('utf8');
  } catch {
    // Damaged, or longer than any sitemap may be.
    return undefined;
  }
}

function fetchBody({ origin }: ProxyParts, target: string, fields: Fields): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let isFound = false;
    const exchange = origin.send(
      { method: 'GET', target, fields },
      {
        onHead: ({ status }) => {
          isFound = status === 200;
        },
        onData: (chunk) => {
          bytes += chunk.length;
          if (isFound && bytes <= mostBytes) chunks.push(chunk);
          else exchange.abort();
          return true;
        },
        onEnd: () => resolve(isFound ? Buffer.concat(chunks) : undefined),
        onFailure: () => resolve(undefined),
      },
    );
  });
}
