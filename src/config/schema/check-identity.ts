/** Reads the section `identity`: which cookies and tokens identify a person. */

import { type FlaskSession, type IdentityConfig, type Jwt, defaults } from '../config.ts';
import { checkOneOf } from '../reader/one-of.ts';
import { cookieName, headerName, webUrl } from '../reader/read-address.ts';
import { positive, text } from '../reader/read-scalar.ts';
import { type Reader, failed, listOf, optional, or, placed, section, then } from '../reader/reader.ts';

const flaskKeys = {
  cookie: or(cookieName, defaults.flaskSession.cookie),
  secret: optional(text),
  max_age: or(positive, defaults.flaskSession.maxAge),
  user_claim: or(text, defaults.flaskSession.userClaim),
  ignore_claims: optional(listOf(placed(text))),
};

const flaskSection = section(flaskKeys, ({ userClaim = '', ignoreClaims = [] }, at) => {
  for (const { value, place } of ignoreClaims) {
    if (value !== userClaim && value !== userClaim.split('.')[0]) continue;
    at.report('bad-value', `\`${value}\` names the user, so it cannot be ignored`, place);
  }
});

const flaskSession: Reader<FlaskSession> = then(flaskSection, ({ ignoreClaims, ...read }) => ({
  ...read,
  ignoreClaims: ignoreClaims?.map(({ value }) => value),
}));

const jwtKeys = {
  cookie: optional(cookieName),
  header: optional(headerName),
  jwks: optional(webUrl),
  secret: optional(text),
  claim: or(text, defaults.jwt.claim),
};

const jwtSection = section(jwtKeys, (_, at, node) => {
  checkOneOf(['cookie', 'header'], at, node);
  checkOneOf(['jwks', 'secret'], at, node);
});

const jwt: Reader<Jwt> = then(jwtSection, ({ cookie, header, jwks, secret, claim }) => {
  const from =
    cookie !== undefined
      ? ({ kind: 'cookie', name: cookie } as const)
      : header !== undefined
        ? ({ kind: 'header', name: header } as const)
        : undefined;
  const key =
    jwks !== undefined
      ? ({ kind: 'jwks', url: jwks } as const)
      : secret !== undefined
        ? ({ kind: 'secret', secret } as const)
        : undefined;
  return from === undefined || key === undefined ? failed : { from, key, claim };
});

const identitySection = section({
  credentials: optional(listOf(cookieName)),
  flask_session: optional(flaskSession),
  jwt: optional(jwt),
});

/** The cookies of `flask_session` and `jwt` are credentials, listed or not: omitting one would share pages. */
export const identity: Reader<IdentityConfig> = then(identitySection, (read): IdentityConfig => {
  const own = [read.flaskSession?.cookie, read.jwt?.from.kind === 'cookie' ? read.jwt.from.name : undefined];
  const implied = own.filter((name) => name !== undefined);
  const credentials =
    read.credentials === undefined ? undefined : [...new Set([...read.credentials, ...implied])];
  return { ...read, credentials };
});
