/**
 * Reads the paths from a sitemap's text, chunk by chunk (https://www.sitemaps.org/protocol.html).
 *
 * Promises: only paths of URLs on the site's own hosts, so that a sitemap sends the proxy nowhere else. Time and memory
 * are bounded. No entities are expanded except XML's own five. Text that is not XML lists what precedes the fault.
 */
import { SaxesParser } from 'saxes';

/** `sitemaps`: the sitemaps of an index. `skipped`: URLs of other sites, and invalid URLs. */
export type Sitemap = {
  readonly pages: readonly string[];
  readonly sitemaps: readonly string[];
  readonly skipped: number;
};

const mostUrls = 50_000;
const longestUrl = 4096;
/** More than any sitemap has: each open element, attribute and error costs memory or time. */
const mostOpen = 32;
const mostAttributes = 64;
const mostErrors = 1000;

type Pieces = Iterable<string> | AsyncIterable<string>;

/** Reads a sitemap or a sitemap index. `isOwn` checks whether a host (with its port) is the site's. */
export async function readSitemap(pieces: Pieces, isOwn: (host: string) => boolean): Promise<Sitemap> {
  const found = { pages: [] as string[], sitemaps: [] as string[], skipped: 0 };
  const parser = createParser((kind, url) => {
    const path = url.length <= longestUrl ? pathOf(url.trim(), isOwn) : undefined;
    if (path === undefined) found.skipped += 1;
    else if (found.pages.length + found.sitemaps.length < mostUrls) found[kind].push(path);
  });
  const escape = createEscape();
  try {
    for await (const piece of pieces) parser.write(escape(piece));
  } catch (error) {
    if (!(error instanceof NotXml)) throw error;
  }
  return found;
}

class NotXml extends Error {}

/** Calls `onUrl` with the text of each `loc`, whatever the prefixes. */
function createParser(onUrl: (kind: 'pages' | 'sitemaps', url: string) => void): SaxesParser {
  const parser = new SaxesParser({ fragment: true, position: false });
  const open: string[] = [];
  let errors = 0;
  let attributes = 0;
  let text = '';
  const add = (piece: string): void => {
    if (open.at(-1) === 'loc' && text.length <= longestUrl) text += piece;
  };
  parser.on('error', () => {
    if ((errors += 1) > mostErrors) throw new NotXml();
  });
  parser.on('attribute', () => {
    if ((attributes += 1) > mostAttributes) throw new NotXml();
  });
  parser.on('text', add);
  // CDATA has no escapes, except those of `createEscape` and of some generators.
  parser.on('cdata', (piece) => {
    add(piece.replaceAll('&amp;', '&'));
  });
  parser.on('opentag', ({ name }) => {
    if (open.push(name.replace(/^.*:/, '')) > mostOpen) throw new NotXml();
    attributes = 0;
    text = '';
  });
  parser.on('closetag', () => {
    // `image:loc`, from a common extension, belongs to a page.
    if (open.pop() !== 'loc' || open.at(-1) === 'image') return;
    onUrl(open.includes('sitemapindex') ? 'sitemaps' : 'pages', text);
  });
  return parser;
}

const strayAmpersand = /&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[\da-f]{1,6});)/gi;

/** Escapes each `&` outside references, as many generators write it. A final `&` waits for the next chunk. */
function createEscape(): (piece: string) => string {
  let rest = '';
  return (piece) => {
    const text = rest + piece;
    rest = /&[^;&<]{0,8}$/.exec(text)?.[0] ?? '';
    return text.slice(0, text.length - rest.length).replace(strayAmpersand, '&amp;');
  };
}

function pathOf(url: string, isOwn: (host: string) => boolean): string | undefined {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol) || !isOwn(parsed.host)) return undefined;
  return parsed.pathname + parsed.search;
}
