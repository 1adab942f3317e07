/** Verifies JSON Web Tokens (RFC 7519) with jose. Only a token with a verified signature and valid times gives claims. */

import type { JWTVerifyGetKey } from 'jose';
import type { Jwt } from '../config/config.ts';
import type { VerifyJwt } from '../policy/identity/identity.ts';

const secretAlgorithms = ['HS256', 'HS384', 'HS512'];
const publicAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
];

const patienceMs = 2000;

/** Creates the verifier of a configuration. Published keys are fetched when first needed, and kept. */
export function createVerifyJwt({ key }: Jwt): VerifyJwt {
  // The two kinds of algorithms are separate: a public key must never serve as a shared secret (RFC 8725 §3.1).
  const isSecret = key.kind === 'secret';
  const algorithms = isSecret ? secretAlgorithms : publicAlgorithms;
  const material = new TextEncoder().encode(isSecret ? key.secret : '');
  let published: JWTVerifyGetKey | undefined;
  return async (token, now) => {
    const options = { algorithms, currentDate: new Date(now) };
    try {
      // Loaded with the first token; most sites have none.
      const { createRemoteJWKSet, jwtVerify } = await import('jose');
      if (isSecret) return (await jwtVerify(token, material, options)).payload;
      published ??= createRemoteJWKSet(new URL(key.url), { timeoutDuration: patienceMs });
      return (await jwtVerify(token, published, options)).payload;
    } catch {
      // A bad token, or keys that cannot be fetched: the request passes, and the origin decides.
      return undefined;
    }
  };
}
