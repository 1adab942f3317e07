/**
 * Who is asking: the session cookie, in Flask's signed format.
 *
 * The cookie is itsdangerous' URLSafeTimedSerializer: `[.]base64url(json) . base64url(timestamp) . base64url(hmac)`,
 * salt `cookie-session`, key derivation `hmac`, SHA-1; a leading dot means the JSON is zlib-compressed. The JSON has
 * sorted keys, so the same session always has the same payload segment.
 *
 * Promises: a cookie that is forged, damaged or out of date is an empty session, never an error; a session that was
 * not changed keeps its payload segment byte for byte when the cookie is renewed.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { deflateSync, inflateSync } from 'node:zlib';

const cookieName = 'session';
const lifetimeSeconds = 31 * 24 * 3600;

/** The person a session belongs to, as the login wrote them into it. */
export type User = {
  readonly id: number;
  readonly firstName: string;
  readonly username: string;
  readonly isAdmin: boolean;
  readonly isPremium: boolean;
};

/** One visitor's session: read from the cookie, changed by the handlers, written back at the end of the request. */
export class Session {
  /** The payload segment as it was received; undefined once anything was changed. */
  #segment: string | undefined;
  #data: Readonly<Record<string, unknown>>;
  #changed = false;

  constructor(data: Readonly<Record<string, unknown>> = {}, segment?: string) {
    this.#data = data;
    this.#segment = segment;
  }

  get data(): Readonly<Record<string, unknown>> {
    return this.#data;
  }

  get segment(): string | undefined {
    return this.#segment;
  }

  get isChanged(): boolean {
    return this.#changed;
  }

  get isEmpty(): boolean {
    return Object.keys(this.#data).length === 0;
  }

  /** The logged-in user, or undefined for an anonymous visitor. */
  get user(): User | undefined {
    const { user_id: id, user_data: data } = this.#data;
    if (typeof id !== 'number' || !isRecord(data)) return undefined;
    const { first_name: firstName, username, is_admin: isAdmin, is_premium: isPremium } = data;
    if (typeof firstName !== 'string' || typeof username !== 'string') return undefined;
    return { id, firstName, username, isAdmin: isAdmin === true, isPremium: isPremium === true };
  }

  /** Starts a session for `user`, dropping whatever was in the old one. */
  logIn(user: User): void {
    this.#replace({
      _permanent: true,
      user_id: user.id,
      user_data: {
        id: user.id,
        first_name: user.firstName,
        username: user.username,
        is_admin: user.isAdmin,
        is_premium: user.isPremium,
      },
    });
  }

  logOut(): void {
    this.#replace({});
  }

  /** Keeps a message for the next page this visitor sees. */
  flash(message: string): void {
    const before = Array.isArray(this.#data['_flashes']) ? (this.#data['_flashes'] as unknown[]) : [];
    // Flask's tagged JSON writes a tuple as {" t": [...]}.
    this.#replace({ ...this.#data, _flashes: [...before, { ' t': ['message', message] }] });
  }

  /** The messages kept by `flash`, which are gone from the session afterwards. */
  popFlashes(): string[] {
    const { _flashes: flashes, ...rest } = this.#data;
    if (!Array.isArray(flashes)) return [];
    this.#replace(rest);
    return flashes.map(flashText).filter((text) => text !== undefined);
  }

  #replace(data: Readonly<Record<string, unknown>>): void {
    this.#data = data;
    this.#segment = undefined;
    this.#changed = true;
  }
}

/** Reads sessions from `Cookie` fields and writes the `Set-Cookie` that ends a request. */
export type SessionCookies = {
  /** The session of a request; empty when the cookie is absent, forged, damaged or out of date. */
  open(cookieField: string | undefined, nowMs: number): Session;
  /** The `Set-Cookie` value for the response, or undefined when none is due. */
  setCookie(session: Session, nowMs: number): string | undefined;
};

/** Makes the reader and writer of cookies signed with `secret`. */
export const createSessionCookies = (secret: string): SessionCookies => {
  const key = createHmac('sha1', secret).update('cookie-session').digest();
  const sign = (text: string): Buffer => createHmac('sha1', key).update(text).digest();
  return {
    open(cookieField, nowMs) {
      const value = cookieValue(cookieField);
      return value === undefined ? new Session() : openValue(value, sign, nowMs);
    },
    setCookie(session, nowMs) {
      const attributes = 'HttpOnly; SameSite=Lax; Path=/';
      if (session.isEmpty) {
        const gone = `${cookieName}=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; ${attributes}`;
        return session.isChanged ? gone : undefined;
      }
      const timestamp = encodeTimestamp(Math.floor(nowMs / 1000));
      const signed = `${session.segment ?? encodePayload(session.data)}.${timestamp}`;
      const expires = new Date(nowMs + lifetimeSeconds * 1000).toUTCString();
      return `${cookieName}=${signed}.${sign(signed).toString('base64url')}; Expires=${expires}; ${attributes}`;
    },
  };
};

const cookieValue = (field: string | undefined): string | undefined => {
  for (const pair of (field ?? '').split(';')) {
    const [name, ...value] = pair.split('=');
    if (name?.trim() === cookieName) return value.join('=').trim();
  }
  return undefined;
};

const openValue = (value: string, sign: (text: string) => Buffer, nowMs: number): Session => {
  const match = /^(\.?[\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(value);
  const [, segment, timestamp, signature] = match ?? [];
  if (segment === undefined || timestamp === undefined || signature === undefined) return new Session();
  const expected = sign(`${segment}.${timestamp}`);
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return new Session();
  const age = Math.floor(nowMs / 1000) - decodeTimestamp(timestamp);
  if (age < 0 || age > lifetimeSeconds) return new Session();
  const data = decodePayload(segment);
  return data === undefined ? new Session() : new Session(data, segment);
};

const encodePayload = (data: Readonly<Record<string, unknown>>): string => {
  const escapeNonAscii = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const json = Buffer.from(JSON.stringify(sorted(data)).replace(/[\u0080-\uffff]/g, escapeNonAscii));
  const packed = deflateSync(json);
  // itsdangerous compresses only when that saves more than the dot costs.
  return packed.length < json.length - 1 ? `.${packed.toString('base64url')}` : json.toString('base64url');
};

const decodePayload = (segment: string): Record<string, unknown> | undefined => {
  try {
    const bytes = Buffer.from(segment.replace(/^\./, ''), 'base64url');
    const json = segment.startsWith('.') ? inflateSync(bytes) : bytes;
    const data: unknown = JSON.parse(json.toString('utf8'));
    return isRecord(data) ? data : undefined;
  } catch {
    // Signed by us and yet unreadable: another format of the same secret. The visitor is anonymous.
    return undefined;
  }
};

const encodeTimestamp = (seconds: number): string => {
  const hex = seconds.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url');
};

const decodeTimestamp = (text: string): number =>
  Number(`0x${Buffer.from(text, 'base64url').toString('hex') || '0'}`);

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, sorted(value[name])]));
};

const flashText = (flash: unknown): string | undefined => {
  const tuple: unknown = isRecord(flash) ? flash[' t'] : undefined;
  const text: unknown = Array.isArray(tuple) ? tuple[1] : undefined;
  return typeof text === 'string' ? text : undefined;
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
