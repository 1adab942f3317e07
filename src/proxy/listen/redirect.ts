/**
 * Plain HTTP beside TLS: every request is redirected to `https`, but for the proof that a certificate authority asks for.
 */

import { cacheStatusValue } from '../../http/cache-status.ts';
import { targetText } from '../../http/path-spelling.ts';
import type { ClientRequest } from '../exchange/client-request.ts';
import { plainFields } from '../hit/fail.ts';
import type { Pipeline } from '../pipeline.ts';

/** RFC 8555 §8.3: an authority looks here, over plain HTTP, for what the app's ACME client has put there. */
const challenges = '/.well-known/acme-challenge/';

const status = cacheStatusValue({ kind: 'forward', fwd: 'bypass', detail: 'redirect' });

type RedirectOptions = {
  /** What answers a challenge. */
  readonly pass: Pipeline;
  /** The port of the TLS listener. */
  readonly port: () => number;
};

/** Makes the pipeline of the listener for plain HTTP. */
export function createRedirect({ pass, port }: RedirectOptions): Pipeline {
  return (request, reply, forward) => {
    if (isChallenge(request)) return pass(request, reply, forward);
    const text = 'This site is served over https.\n';
    // RFC 9110 §15.4.9: 308 keeps the method.
    const fields = plainFields(text, status);
    reply.head(308, [...fields, 'Location', secureUrl(request, port())]);
    reply.end(request.method === 'HEAD' ? undefined : Buffer.from(text));
    return undefined;
  };
}

const isChallenge = ({ method, path, hasBody }: ClientRequest): boolean =>
  (method === 'GET' || method === 'HEAD') && !hasBody && path.startsWith(challenges);

/**
 * The same resource over `https`. A Host without a port came to port 80, which is mapped to this listener, as 443 is to the
 * other; one with a port came to this listener directly.
 */
function secureUrl({ host, path, query }: ClientRequest, port: number): string {
  const bare = host.replace(/:\d+$/, '');
  const authority = bare === host || port === 443 ? bare : `${bare}:${port}`;
  return `https://${authority}${targetText(path, query)}`;
}
