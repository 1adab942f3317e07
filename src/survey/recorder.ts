/**
 * Records the exchanges with the app for a survey (`serve --record FILE`).
 *
 * Promises: client and app notice nothing. No cookie, token or body is written, only digests salted with a number that exists
 * in this process alone.
 */

import { createHash, createHmac, randomBytes } from 'node:crypto';
import { combinedValue, fieldLines } from '../http/fields.ts';
import { parseCookieLine, parseSetCookie } from '../http/cookies.ts';
import type { Fields } from '../http/message.ts';
import type { Clock } from '../kit/time.ts';
import type { OriginHead, OriginReceiver, OriginRequest } from '../origin/call.ts';
import type { Origin } from '../origin/origin.ts';
import type { Claims } from '../policy/identity/claims.ts';
import { parseFlaskCookie, readPayload } from '../policy/identity/flask-session.ts';
import { overhear } from '../proxy/pass/write-bodies.ts';
import { maskTarget } from '../watch/count/mask-target.ts';
import { namesIn } from './names-in.ts';
import { askedFields, type CookieSet, recordLine, type Seen } from './traffic-record.ts';

export type RecorderOptions = {
  readonly clock: Clock;
  /** Gets each line, with its end; absent: the origin is given back as it is. */
  readonly record?: ((line: string) => void) | undefined;
};

/** An origin whose exchanges are recorded. Connections that switch protocol are not. */
export function recordingOrigin(origin: Origin, { clock, record }: RecorderOptions): Origin {
  if (record === undefined) return origin;
  const salt = randomBytes(16);
  const digestOf = (text: string): string =>
    createHmac('sha256', salt).update(text).digest('base64url').slice(0, 12);
  return {
    send: (asked, receiver) =>
      origin.send(
        asked,
        asked.upgrade === undefined ? recorded(asked, receiver, { clock, record, digestOf, salt }) : receiver,
      ),
    forward: origin.forward,
    health: origin.health,
    close: () => origin.close(),
  };
}

type Recording = Pick<RecorderOptions, 'clock'> & {
  readonly record: NonNullable<RecorderOptions['record']>;
  readonly digestOf: (text: string) => string;
  readonly salt: Buffer;
};

function recorded(asked: OriginRequest, client: OriginReceiver, recording: Recording): OriginReceiver {
  const { clock, record, salt } = recording;
  const at = clock.now();
  const sent = asked.body === undefined ? undefined : overhear(asked.body);
  const hash = createHash('sha256').update(salt);
  let head: OriginHead | undefined;
  let bytes = 0;
  return {
    onInformation: (status, fields) => client.onInformation?.(status, fields),
    onHead: (given) => {
      head = given;
      client.onHead(given);
    },
    onData: (chunk) => {
      bytes += chunk.length;
      hash.update(chunk);
      return client.onData(chunk);
    },
    onEnd: (trailers) => {
      client.onEnd(trailers);
      if (head === undefined) return;
      const { method, fields } = asked;
      const target = maskTarget(asked.target);
      const names = namesIn(combinedValue(fields, 'content-type') ?? '', sent?.whole());
      const body = hash.digest('base64url').slice(0, 16);
      const seen = { ...seenOf(fields, head.fields, recording.digestOf), ...(names && { names }), body };
      record(`${recordLine({ at, method, target, status: head.status, bytes, seen })}\n`);
    },
    onFailure: (failure) => {
      client.onFailure(failure);
    },
  };
}

type DigestOf = Recording['digestOf'];

function seenOf(request: Fields, response: Fields, digestOf: DigestOf): Omit<Seen, 'names' | 'body'> {
  const authorization = combinedValue(request, 'authorization');
  const parsed = parseCookieLine(combinedValue(request, 'cookie') ?? '');
  const cookies =
    parsed.kind === 'ok' ? parsed.cookies.map(({ name, value }) => ({ name, ...readCookie(value) })) : [];
  const values = new Map(cookies.map(({ name, meaning }) => [name, meaning]));
  const flask = cookies.find(({ claims }) => claims !== undefined);
  return {
    ...(authorization === undefined ? {} : { authorization: digestOf(authorization) }),
    ...(flask && { flask: { cookie: flask.name, claims: digested(claimTexts(flask), digestOf) } }),
    cookies: digested(values, digestOf),
    fields: digested(askedOf(request), digestOf),
    sets: Object.fromEntries(fieldLines(response, 'set-cookie').map((line) => setBy(line, values))),
    contentType: combinedValue(response, 'content-type') ?? '',
    encoding: combinedValue(response, 'content-encoding') ?? '',
    cacheControl: combinedValue(response, 'cache-control') ?? '',
    vary: combinedValue(response, 'vary') ?? '',
  };
}

const askedOf = (request: Fields): readonly (readonly [string, string])[] =>
  askedFields.flatMap((name) => {
    const value = combinedValue(request, name);
    return value === undefined ? [] : [[name, value] as const];
  });

const claimTexts = ({ claims = {} }: ReadCookie): readonly (readonly [string, string])[] =>
  Object.entries(claims).map(([name, value]) => [name, JSON.stringify(value)]);

const digested = (all: Iterable<readonly [string, string]>, digestOf: DigestOf): Record<string, string> =>
  Object.fromEntries([...all].map(([name, value]) => [name, digestOf(value)]));

/** `claims`: of a Flask session. */
type ReadCookie = { readonly meaning: string; readonly claims: Claims | undefined };

/** A Flask session is signed anew with each answer: its payload is what counts. */
function readCookie(value: string): ReadCookie {
  const flask = parseFlaskCookie(value);
  const claims = flask && readPayload(flask.payload)?.claims;
  return { meaning: flask === undefined || claims === undefined ? value : flask.payload, claims };
}

const endsNow = /;[ \t]*(?:max-age[ \t]*=[ \t]*(?:0|-)|expires[ \t]*=[^;]*(?:1970|1969|2000))/i;

function setBy(line: string, had: ReadonlyMap<string, string>): readonly [string, CookieSet] {
  const { name, value } = parseSetCookie(line);
  if (endsNow.test(line)) return [name, 'removed'];
  return [name, had.get(name) === readCookie(value).meaning ? 'same' : 'new'];
}
