/**
 * Flask's signed session cookie: `[.]payload.timestamp.signature` (itsdangerous URLSafeTimedSerializer, salt
 * `cookie-session`, key derivation `hmac`, HMAC-SHA1).
 *
 * Promise (DESIGN §5): an identity follows from the payload alone, after its signature and age have been verified. Flask
 * writes a new timestamp and signature on every response.
 */

import { isUtf8 } from 'node:buffer';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import type { EpochMs, Seconds } from '../../kit/time.ts';
import type { Claims } from './claims.ts';

/** The three segments of a session cookie, none verified. `signed` is what the signature covers. */
export type FlaskCookie = {
  readonly payload: string;
  readonly timestamp: string;
  readonly signature: string;
  readonly signed: string;
};

const clockSkewSeconds = 60;

/** A session's payload decompresses to no more than this; a cookie is at most 4 KB, so more is an attack. */
const maxPayloadBytes = 64 * 1024;

const base64url = /^[A-Za-z0-9_-]+$/;

/** Splits a cookie value at its last two dots; `undefined` if it does not have that shape. */
export function parseFlaskCookie(value: string): FlaskCookie | undefined {
  const second = value.lastIndexOf('.');
  const first = second <= 0 ? -1 : value.lastIndexOf('.', second - 1);
  if (first <= 0) return undefined;
  const payload = value.slice(0, first);
  const timestamp = value.slice(first + 1, second);
  const signature = value.slice(second + 1);
  const body = payload.startsWith('.') ? payload.slice(1) : payload;
  if (!base64url.test(body) || !base64url.test(timestamp) || !base64url.test(signature)) return undefined;
  return { payload, timestamp, signature, signed: value.slice(0, second) };
}

/** The signing key that Flask derives from the app's SECRET_KEY. */
export function flaskSigningKey(secret: string): Buffer {
  return createHmac('sha1', secret).update('cookie-session').digest();
}

/** Whether the signature is valid: compared in constant time and in its canonical spelling. */
export function hasValidSignature(cookie: FlaskCookie, key: Buffer): boolean {
  const expected = Buffer.from(createHmac('sha1', key).update(cookie.signed).digest('base64url'));
  const given = Buffer.from(cookie.signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** When the cookie was signed; `undefined` if the segment is not such a number. */
export function signedAt(cookie: FlaskCookie): EpochMs | undefined {
  const bytes = Buffer.from(cookie.timestamp, 'base64url');
  if (bytes.length === 0 || bytes.length > 6) return undefined;
  return (bytes.readUIntBE(0, bytes.length) * 1000) as EpochMs;
}

/** Whether a session signed at `issuedAt` is valid now: not older than `maxAge`, not from the future. */
export function isWithinAge(issuedAt: EpochMs, maxAge: Seconds, now: EpochMs): boolean {
  const age = (now - issuedAt) / 1000;
  return age <= maxAge && age >= -clockSkewSeconds;
}

/** The payload's JSON object, and its text; `undefined` for anything else, whatever the bytes. */
export function readPayload(payload: string): { readonly claims: Claims; readonly json: string } | undefined {
  try {
    const compressed = payload.startsWith('.');
    const bytes = Buffer.from(compressed ? payload.slice(1) : payload, 'base64url');
    const text = compressed ? inflateSync(bytes, { maxOutputLength: maxPayloadBytes }) : bytes;
    // Otherwise different bytes would be one text, and two people one.
    if (!isUtf8(text)) return undefined;
    const json = text.toString('utf8');
    const value: unknown = JSON.parse(json);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return { claims: value as Claims, json };
  } catch {
    // Not base64, zlib or JSON: no payload, and the request is passed.
    return undefined;
  }
}
