/**
 * A sitemap's text → the paths it lists (https://www.sitemaps.org/protocol.html). Pure.
 *
 * Promises: paths only, and only of URLs that name one of the site's own hosts: whatever a sitemap says, it sends the proxy
 * nowhere else; bounded by number; linear in the text.
 */

/** `sitemaps`: an index lists further sitemaps. `skipped`: URLs of other sites, and what is none. */
export type Sitemap = {
  readonly pages: readonly string[];
  readonly sitemaps: readonly string[];
  readonly skipped: number;
};

/** The protocol's own bound. */
const mostUrls = 50_000;

/** Reads a sitemap or a sitemap index. `isOwn` tells whether a host (with its port) is one of the site's. */
export function readSitemap(text: string, isOwn: (host: string) => boolean): Sitemap {
  const isIndex = /<(?:\w{1,20}:)?sitemapindex[\s>]/.test(text);
  const paths: string[] = [];
  let skipped = 0;
  for (const [, raw = ''] of text.matchAll(
    /<(?:\w{1,20}:)?loc>([^<]{0,4096}|<!\[CDATA\[[^<]{0,4096}\]\]>)<\//g,
  )) {
    if (paths.length >= mostUrls) break;
    const path = pathOf(unescape(raw.replace(/^<!\[CDATA\[|\]\]>$/g, '').trim()), isOwn);
    if (path === undefined) skipped += 1;
    else paths.push(path);
  }
  return { pages: isIndex ? [] : paths, sitemaps: isIndex ? paths : [], skipped };
}

function pathOf(url: string, isOwn: (host: string) => boolean): string | undefined {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol) || !isOwn(parsed.host)) return undefined;
  return parsed.pathname + parsed.search;
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const unescape = (text: string): string =>
  text.replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => entities[name] ?? '');
