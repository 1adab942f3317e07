/** Reads the section `upstream`: where the app is, and how to connect to it. */

import { type Upstream, type UpstreamTls, defaults } from '../config.ts';
import { originUrl, serverName } from '../reader/read-address.ts';
import { bool, number, positive, word } from '../reader/read-scalar.ts';
import { type Reader, optional, or, orShort, placeOfKey, required, section, then } from '../reader/reader.ts';
import { checkPair, clientOf, tlsKeys } from './tls-keys.ts';

const tlsSection = section(
  {
    server_name: optional(serverName),
    ...tlsKeys,
    reject_unauthorized: or(bool, defaults.upstreamTls.rejectUnauthorized),
  },
  ({ rejectUnauthorized }, at, node) => {
    checkPair(at, node);
    if (rejectUnauthorized !== false) return;
    if (node.has('ca'))
      at.report(
        'conflicting-keys',
        '`ca` has no effect with `reject_unauthorized: false`',
        placeOfKey(node, 'ca'),
      );
    at.warn(
      'unverified-upstream',
      'the certificate of the app is not verified: anybody in between can read and change the traffic',
      placeOfKey(node, 'reject_unauthorized'),
    );
  },
);

const tls: Reader<UpstreamTls> = then(tlsSection, ({ cert, key, ...rest }): UpstreamTls => ({
  ...rest,
  client: clientOf(cert, key),
}));

const upstreamSection = section({
  url: required(originUrl),
  connect_timeout: or(positive, defaults.upstream.connectTimeout),
  response_timeout: or(positive, defaults.upstream.responseTimeout),
  body_timeout: or(positive, defaults.upstream.bodyTimeout),
  connections: or(number({ min: 1, max: 65_535, whole: true }), defaults.upstream.connections),
  resolve_every: or(positive, defaults.upstream.resolveEvery),
  host: or(word(['preserve', 'upstream']), defaults.upstream.host),
  tls: optional(tls),
});

/** `upstream`, or its URL alone. */
export const upstream: Reader<Upstream> = orShort(
  then(originUrl, (url): Upstream => ({ ...defaults.upstream, url })),
  upstreamSection,
);
