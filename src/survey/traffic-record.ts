/**
 * One exchange with the app as a line of a traffic record: what a survey needs to know, and nothing that would let its reader in
 * somewhere. Cookies and bodies are salted digests; of a body that was sent, only the names are kept.
 */

import type { EpochMs } from '../kit/time.ts';
import { epochMs } from '../kit/time.ts';

/** A digest that can be compared with others of the same record only. */
type Digest = string;

/** `same`: the request had it with this value; of a Flask session, with this payload. */
export type CookieSet = 'same' | 'new' | 'removed';

/** What only shelflife itself sees. */
export type Seen = {
  /** Of `Authorization`. */
  readonly authorization?: Digest;
  /** Each cookie of the request; of a Flask session, its payload. */
  readonly cookies: Readonly<Record<string, Digest>>;
  /** The Flask session among the cookies, and its claims: name → digest of the value. */
  readonly flask?: { readonly cookie: string; readonly claims: Readonly<Record<string, Digest>> };
  /** Fields of the request that pages may depend on, by `askedFields`. */
  readonly fields: Readonly<Record<string, Digest>>;
  /** The names in a body that was sent: `json:/theme`, `form:code`. Absent: none, or it could not be read. */
  readonly names?: readonly string[];
  readonly body: Digest;
  readonly sets: Readonly<Record<string, CookieSet>>;
  readonly contentType: string;
  /** `Content-Encoding`: bodies in different ones cannot be compared. */
  readonly encoding: string;
  readonly cacheControl: string;
  readonly vary: string;
};

/** Frameworks answer otherwise to these, often without saying so in `Vary`. */
export const askedFields = [
  'accept',
  'accept-language',
  'x-requested-with',
  'hx-request',
  'hx-target',
  'turbo-frame',
  'x-inertia',
] as const;

export type TrafficRecord = {
  readonly at: EpochMs;
  readonly method: string;
  readonly target: string;
  readonly status: number;
  readonly bytes: number;
  /** Absent: the line is of an access log. */
  readonly seen?: Seen;
};

/** The first word of each line's object: which form it has. */
const version = 1;

/** A line without its end. */
export const recordLine = ({ at, ...rest }: TrafficRecord): string =>
  JSON.stringify({ shelflife_traffic: version, at: new Date(at).toISOString(), ...rest });

/** The record of a parsed line; `undefined`: it is not one. */
export function readRecord(value: Readonly<Record<string, unknown>>): TrafficRecord | undefined {
  const { shelflife_traffic: form, at, ...rest } = value;
  if (form !== version || typeof at !== 'string' || !isRecord(rest)) return undefined;
  const time = Date.parse(at);
  return Number.isNaN(time) ? undefined : { ...rest, at: epochMs(time) };
}

function isRecord(value: Readonly<Record<string, unknown>>): value is Omit<TrafficRecord, 'at'> {
  const { method, target, status, bytes, seen } = value;
  const isLine = typeof method === 'string' && typeof target === 'string' && typeof status === 'number';
  return isLine && typeof bytes === 'number' && (seen === undefined || isSeen(seen));
}

function isSeen(value: unknown): value is Seen {
  if (!isObject(value)) return false;
  const { cookies, fields, flask = { cookie: '', claims: {} }, names = [], sets, authorization = '' } = value;
  const { body, contentType, encoding, cacheControl, vary } = value;
  return (
    [authorization, body, contentType, encoding, cacheControl, vary].every(isText) &&
    isObject(flask) &&
    isText(flask['cookie']) &&
    [cookies, fields, flask['claims'], sets].every(
      (map) => isObject(map) && Object.values(map).every(isText),
    ) &&
    Array.isArray(names) &&
    names.every((name) => isText(name) && /^(?:json:\/|form:)/.test(name))
  );
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
