/** Why a TLS handshake failed, in words for logs and metrics. */

/** `gone`: the client left. `crowded-out`: too many handshakes were under way. */
export type HandshakeFailure = (typeof handshakeFailures)[number];

export const handshakeFailures = [
  'timeout',
  'gone',
  'crowded-out',
  'plain-http',
  'version',
  'cipher',
  'application-protocol',
  'client-certificate',
  'protocol',
] as const;

const byCode: readonly (readonly [pattern: RegExp, reason: HandshakeFailure])[] = [
  [/^ERR_TLS_HANDSHAKE_TIMEOUT$/, 'timeout'],
  [/^(ECONNRESET|EPIPE|ETIMEDOUT|ERR_STREAM_PREMATURE_CLOSE)$/, 'gone'],
  [/HTTP(S_PROXY)?_REQUEST/, 'plain-http'],
  [/UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|WRONG_VERSION|PROTOCOL_VERSION/, 'version'],
  [/NO_SHARED_CIPHER|NO_SUITABLE_(SIGNATURE_ALGORITHM|GROUPS|KEY_SHARE)/, 'cipher'],
  [/NO_APPLICATION_PROTOCOL/, 'application-protocol'],
  [/CERT|SIGNATURE|UNABLE_TO|SELF_SIGNED/, 'client-certificate'],
];

/** The reason of an error that `tls.Server` tells. */
export function handshakeFailure(error: Error): HandshakeFailure {
  const code = 'code' in error ? String(error.code) : '';
  return byCode.find(([pattern]) => pattern.test(code))?.[1] ?? 'protocol';
}
