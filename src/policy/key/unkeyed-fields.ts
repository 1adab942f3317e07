/**
 * The request fields outside the key: those sent nevertheless, after review, and those not sent, because they claim to be
 * another request. This is the only such list (DESIGN §3.2). Names are compared as the most lenient server reads them.
 */

import { foldFieldName } from '../../http/field-name.ts';

/**
 * The reviewed list: what is sent though neither key nor variant knows it, because it cannot change the representation.
 *
 * | field | what is sent | why it is safe |
 * |---|---|---|
 * | `X-Forwarded-For` | the client's address, after those from a trusted proxy; addresses only | origins use it for limits and logs |
 * | `X-Request-ID` | an id made for the fetch, never the client's | an id for logs |
 * | `traceparent` | with `traces`: ids of ours, in the client's trace or a new one; never its text | ids for logs and spans |
 * | `Via` | `1.1 shelflife`; on `standard` behind the client's, which is keyed there | the same for all of one key |
 * | `X-Forwarded-Proto`, `X-Forwarded-Host` | the scheme and host of the key | in the key |
 *
 * An answer that says it varies by one of them is for its cause only (`variesOnUnkeyed`).
 */
export const unkeyedFields: ReadonlySet<string> = new Set([
  'x-forwarded-for',
  'x-request-id',
  'traceparent',
  'via',
  'x-forwarded-proto',
  'x-forwarded-host',
]);

/** The listed fields that differ between requests with one key. */
const varying: ReadonlySet<string> = new Set(['x-forwarded-for', 'x-request-id', 'traceparent']);

/** Whether a `Vary` (lower-case names) names a field in no key or variant: nobody else may get such a response. */
export const variesOnUnkeyed = (names: readonly string[]): boolean =>
  names.some((name) => varying.has(foldFieldName(name)));

/** Fields by which a GET claims another method; such a request is passed. */
export const methodOverrideFields: readonly string[] = [
  'x-http-method',
  'x-http-method-override',
  'x-method',
  'x-method-override',
  'x-original-method',
  'x-request-method',
];

/** Families of claims. Fields like `x-forwarded-user` identify a client and are credentials (`credentials.ts`). */
const claimingFamilies = [
  'x-forwarded',
  'x-original-',
  'x-rewrite-',
  'x-http-',
  'x-host',
  'x-real-',
  'x-proxy',
  'x-override-',
  'x-envoy-',
  'x-script-',
  'x-url-',
  'x-wap-',
] as const;

/** Names in these families that claim nothing, or are credentials. */
const claimNothing: ReadonlySet<string> = new Set([
  'x-forwarded-access-token',
  'x-forwarded-email',
  'x-forwarded-groups',
  'x-forwarded-preferred-username',
  'x-forwarded-user',
]);

const claimingFields: ReadonlySet<string> = new Set([
  ...methodOverrideFields,
  'base-url',
  'cf-connecting-ip',
  'cf-visitor',
  'client-ip',
  'cloudfront-forwarded-proto',
  'destination',
  'fastly-client-ip',
  'forwarded',
  'forwarded-for',
  'forwarded-host',
  'forwarded-proto',
  'front-end-https',
  'http-host',
  // httpoxy: CGI programs read it as the environment's HTTP_PROXY.
  'proxy',
  'proxy-host',
  'request-uri',
  'script-name',
  'true-client-ip',
  'url',
  'via',
  'x-arr-ssl',
  'x-backend-host',
  'x-base-url',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-custom-ip-authorization',
  'x-https',
  'x-originating-ip',
  'x-path-info',
  'x-port',
  'x-protocol',
  'x-proto',
  'x-remote-addr',
  'x-remote-ip',
  'x-request-id',
  'x-request-uri',
  'x-scheme',
  'x-server-name',
  'x-ssl',
  'x-uri',
  'x-url',
]);

/** Whether a field claims another host, scheme, path, method or client. */
export function isClaim(name: string): boolean {
  const folded = foldFieldName(name);
  if (claimingFields.has(folded)) return true;
  if (!folded.startsWith('x-') || claimNothing.has(folded)) return false;
  return claimingFamilies.some((family) => folded.startsWith(family));
}
