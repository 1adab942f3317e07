/**
 * Reads the body of `POST /warm` strictly. It takes paths only: pages are warmed from the configured origin and nowhere else
 * (CONTRACT §3).
 */

/** What to warm: paths, the path of a sitemap, and the number of most requested pages. */
export type WarmRequest = {
  readonly urls: readonly string[];
  readonly sitemap: string | undefined;
  readonly popular: number;
};

export type ReadWarm =
  { readonly kind: 'ok'; readonly request: WarmRequest } | { readonly kind: 'bad'; readonly detail: string };

const bad = (detail: string): ReadWarm => ({ kind: 'bad', detail });

const known: readonly string[] = ['urls', 'popular', 'sitemap'];
const mostUrls = 50_000;
const mostPopular = 10_000;

/** Reads the body and its content type. */
export function readWarm(body: unknown, contentType: string | undefined): ReadWarm {
  if (!/^application\/json\s*(?:;|$)/i.test(contentType ?? ''))
    return bad('the body must be application/json');
  const fields = parsedObject(body);
  if (fields === undefined) return bad('the body must be a JSON object');
  const stranger = Object.keys(fields).find((name) => !known.includes(name));
  if (stranger !== undefined)
    return bad(`unknown field ${JSON.stringify(stranger)}; the fields are ${known.join(', ')}`);
  const { urls = [], popular = 0, sitemap } = fields;
  if (!Array.isArray(urls) || !urls.every(isPath))
    return bad('urls must be a list of paths that begin with /');
  if (urls.length > mostUrls) return bad(`urls has more than ${mostUrls} paths`);
  if (!isCount(popular)) return bad(`popular must be a whole number from 0 to ${mostPopular}`);
  if (sitemap !== undefined && !isPath(sitemap)) return bad('sitemap must be a path that begins with /');
  if (urls.length === 0 && popular === 0 && sitemap === undefined)
    return bad('nothing to warm: give urls, popular or sitemap');
  return { kind: 'ok', request: { urls, popular, sitemap } };
}

function parsedObject(body: unknown): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(typeof body === 'string' ? body : '');
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    // The parser's message quotes the body, which may hold anything.
    return undefined;
  }
}

const isPath = (value: unknown): value is string => typeof value === 'string' && /^\/[^#\s]*$/.test(value);

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= mostPopular;
