/**
 * Fetches a sitemap from the origin, or an index with its sitemaps; gzip or not.
 *
 * Promises: from the configured origin only, without following redirects. Number and bytes, also unpacked, are bounded,
 * and never wholly in memory. An unreadable sitemap lists nothing and is counted.
 */
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Fields } from '../http/message.ts';
import type { Services } from '../proxy/exchange/exchange.ts';
import { readSitemap, type Sitemap } from './sitemap.ts';
import type { SiteAddress } from './site-addresses.ts';

/** `failed`: the number of sitemaps that could not be fetched or read. */
export type SitemapPages = {
  readonly pages: readonly string[];
  readonly skipped: number;
  readonly failed: number;
};

const mostBytes = 50 * 1024 * 1024;
const mostSitemaps = 50;
const mostPages = 50_000;

export type SitemapSource = { readonly services: Services; readonly addresses: readonly SiteAddress[] };

/** Distinct, in the order of the sitemap. */
export async function sitemapPages(source: SitemapSource, path: string): Promise<SitemapPages> {
  const pages = new Set<string>();
  let skipped = 0;
  let failed = 0;
  const paths = [path];
  const seen = new Set(paths);
  for (const next of paths) {
    const read = await fetchSitemap(source, next);
    if (read === undefined) {
      failed += 1;
      continue;
    }
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

function ownHosts({ services, addresses }: SitemapSource): (host: string) => boolean {
  const { originHost, config } = services.site();
  const names = new Set([originHost, ...(config.listen.hosts ?? []), ...addresses.map(({ host }) => host)]);
  return (host) => names.has(host) || names.has(host.replace(/:\d+$/, ''));
}

/** Reads the sitemap at `target`; `undefined` if it is missing, damaged or too long. */
async function fetchSitemap(source: SitemapSource, target: string): Promise<Sitemap | undefined> {
  const { services, addresses } = source;
  const { originHost, config } = services.site();
  const host = config.upstream.host === 'upstream' ? originHost : (addresses[0]?.host ?? originHost);
  const fields = ['Host', host, 'Accept', '*/*', 'Accept-Encoding', 'identity'];
  const body = openBody(services, target, fields);
  try {
    return await readSitemap(textOf(body), ownHosts(source));
  } catch {
    return undefined;
  } finally {
    body.destroy();
  }
}

async function* textOf(body: Readable): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let bytes = 0;
  for await (const chunk of await unpacked(body)) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new Error('sitemap too long');
    yield decoder.decode(chunk, { stream: true });
  }
}

async function unpacked(body: Readable): Promise<AsyncIterable<Buffer>> {
  const chunks = body[Symbol.asyncIterator]() as AsyncIterableIterator<Buffer>;
  const first = await chunks.next();
  if (first.done === true) return chunks;
  const all = async function* () {
    yield first.value;
    yield* chunks;
  };
  const isPacked = first.value[0] === 0x1f && first.value[1] === 0x8b;
  // The reader of the result sees the error.
  return isPacked ? pipeline(all, createGunzip(), () => undefined) : all();
}

/** The body of a 200, with back-pressure; anything else is an error. */
function openBody({ origin }: Services, target: string, fields: Fields): Readable {
  const body = new Readable({
    read: () => {
      exchange.resume();
    },
    destroy: (error, done) => {
      exchange.abort();
      done(error);
    },
  });
  const exchange = origin.send(
    { method: 'GET', target, fields },
    {
      onHead: ({ status }) => {
        if (status !== 200) body.destroy(new Error(`status ${status}`));
      },
      onData: (chunk) => body.push(chunk),
      onEnd: () => body.push(null),
      onFailure: ({ reason }) => body.destroy(new Error(reason)),
    },
  );
  return body;
}
