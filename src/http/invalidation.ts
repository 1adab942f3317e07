/** Lists what an unsafe request makes stale (RFC 9111 §4.4): only URLs of the target's own origin. */
import { combinedValue } from './fields.ts';
import type { Fields } from './message.ts';
import { targetText } from './path-spelling.ts';
import { normaliseTarget } from './target.ts';

type ChangingRequest = {
  readonly method: string;
  readonly status: number;
  readonly target: string;
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly fields: Fields;
};

/** Whether the method may change something: every one that is not known to be safe (RFC 9110 §9.2.1). */
export const isUnsafeMethod = (method: string): boolean => !safeMethods.has(method);

/** The targets that a response makes stale: the request's own, `Location` and `Content-Location` of the same origin. */
export function invalidationTargets(exchange: ChangingRequest): string[] {
  const isError = exchange.status < 200 || exchange.status >= 400;
  if (isError || !isUnsafeMethod(exchange.method)) return [];
  const targets = new Set([exchange.target]);
  for (const name of ['location', 'content-location']) {
    const target = sameOriginTarget(combinedValue(exchange.fields, name), exchange);
    if (target !== undefined) targets.add(target);
  }
  return [...targets];
}

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

function sameOriginTarget(
  reference: string | undefined,
  { scheme, host, target }: ChangingRequest,
): string | undefined {
  if (reference === undefined) return undefined;
  const base = URL.parse(`${scheme}://${host}${target}`);
  const url = base === null ? null : URL.parse(reference, base.href);
  if (url?.origin !== base?.origin || url === null) return undefined;
  const normalised = normaliseTarget(url.pathname + url.search);
  return normalised.kind === 'ok' ? targetText(normalised.path, normalised.query) : undefined;
}
