/**
 * The checked form of the configuration file, and the defaults.
 *
 * Promises: code that holds a `Config` may trust it. Durations are `Seconds`, sizes bytes, times of day minutes since
 * midnight. Names refer to something that exists, and the hours cover the day exactly once. Only `schema/check.ts` makes one
 * from text. Every default that is a value is in `defaults`; a key whose default is empty or `false` has it in `schema/`.
 */

import { type Seconds, seconds } from '../kit/time.ts';
import type { ListenAddress } from './reader/address.ts';
import type { Accept } from './schema/accept-config.ts';
import type { ControlToken } from './schema/control-token.ts';
import type { AlertCondition, Condition, RequestCondition, Unless } from './schema/condition.ts';
import type { Listen } from './schema/listen-config.ts';
import type { LogSettings } from './schema/log-config.ts';
import type { QueryRule, Vary } from './schema/query-rule.ts';
import type { Rollback, Rollout } from './schema/rollout-config.ts';
import type { StoreConfig } from './schema/store-config.ts';
import type { TagTemplate } from './schema/tag-template.ts';
import type { TracesConfig } from './schema/traces-config.ts';
import type { WriteRule } from './schema/write-rule.ts';

export { type Address, httpUrlOf, type ListenAddress, unixPathOf, unixPeer } from './reader/address.ts';
export type { AlertCondition, Condition, Literal, RequestCondition, Unless } from './schema/condition.ts';
export type { Listen, ListenTls, ServerCertificate } from './schema/listen-config.ts';
export type { QueryRule } from './schema/query-rule.ts';
export type { Rollback, Rollout } from './schema/rollout-config.ts';
export type { RedisConfig, RedisLogin, RedisServer, RedisTls, StoreConfig } from './schema/store-config.ts';
export type { TagPart, TagTemplate } from './schema/tag-template.ts';
export type { TracesConfig } from './schema/traces-config.ts';
export type { ExchangeCondition, Expected, WriteRule } from './schema/write-rule.ts';

export type Config = {
  /** `shadow`: everything is passed, and what would have been given is only counted. */
  readonly mode: 'full' | 'shadow';
  /** For what has none of its own. Absent: everybody is cached. */
  readonly rollout: Rollout | undefined;
  readonly rollback: Rollback | undefined;
  readonly upstream: Upstream;
  readonly listen: Listen;
  readonly control: Control;
  readonly store: StoreConfig;
  readonly accept: Accept;
  readonly identity: IdentityConfig;
  readonly ttl: TtlConfig;
  /** By name; always includes `standard` and `pass`. */
  readonly contentTypes: ReadonlyMap<string, ContentType>;
  /** In file order: the first match wins. A `match` with a list becomes one route for each item. */
  readonly routes: readonly Route[];
  readonly unmatched: 'standard' | 'pass';
  readonly writes: readonly WriteRule[];
  /** What an unsafe request without a write rule makes stale: its own URL, and the writer's partition. */
  readonly unmatchedWrites: { readonly url: boolean; readonly user: boolean };
  readonly purge: { readonly refill: boolean };
  readonly warm: Warm | undefined;
  readonly refresh: readonly RefreshJob[];
  readonly janitor: Janitor | undefined;
  /** The share of hits that are asked for at the origin as well. */
  readonly audit: { readonly sample: number } | undefined;
  readonly alerts: readonly Alert[];
  readonly report: ReportSettings | undefined;
  readonly log: LogSettings;
  readonly debug: { readonly serverTiming: boolean; readonly header: boolean };
  /** Absent: nothing is traced. */
  readonly traces: TracesConfig | undefined;
};

export type Upstream = {
  /** Scheme and authority only, as `URL.origin` writes them: `http://127.0.0.1:5000`; or `unix:/PATH`. */
  readonly url: string;
  readonly connectTimeout: Seconds;
  readonly responseTimeout: Seconds;
  readonly bodyTimeout: Seconds;
  readonly connections: number;
  /** The longest age of a connection: the name may have moved to another address. */
  readonly resolveEvery: Seconds;
  readonly host: 'preserve' | 'upstream';
  readonly tls: UpstreamTls | undefined;
};

/** TLS to the origin. Paths of PEM files are resolved against the configuration file's folder. */
export type UpstreamTls = {
  /** The name for SNI that the certificate must match. Absent: the host of the URL. */
  readonly serverName: string | undefined;
  /** The authority that must have signed the certificate. Absent: those that Node trusts. */
  readonly ca: string | undefined;
  readonly client: { readonly cert: string; readonly key: string } | undefined;
  readonly rejectUnauthorized: boolean;
};

/** The control listener. Without any token it answers only `/healthz` and `/readyz`. `token` may do everything. */
export type Control = Omit<ListenAddress, 'systemd'> & {
  readonly token: string | undefined;
  readonly tokens: readonly ControlToken[];
};

export type IdentityConfig = {
  /** Cookies that carry an identity, including those of `flaskSession` and `jwt`. Absent: all but known analytics cookies. */
  readonly credentials: readonly string[] | undefined;
  readonly flaskSession: FlaskSession | undefined;
  readonly jwt: Jwt | undefined;
};

export type FlaskSession = {
  readonly cookie: string;
  /** Absent: identities are learned from the cookies that the origin itself renews. */
  readonly secret: string | undefined;
  readonly maxAge: Seconds;
  readonly userClaim: string;
  /** Claims that change no page, except of the types whose `vary` names them. */
  readonly ignoreClaims: readonly string[] | undefined;
};

export type Jwt = {
  readonly from: { readonly kind: 'cookie' | 'header'; readonly name: string };
  readonly key:
    { readonly kind: 'jwks'; readonly url: string } | { readonly kind: 'secret'; readonly secret: string };
  readonly claim: string;
};

export type TtlConfig = {
  readonly default: Seconds;
  readonly min: Seconds;
  readonly max: Seconds;
  /** A share: 0.05 is ± 5 %. */
  readonly jitter: number;
  readonly timeZone: string;
  /** Empty, or covering the day exactly once. */
  readonly hours: readonly HourBand[];
  readonly factors: readonly Factor[];
  readonly popular: { readonly requests: number; readonly per: Seconds };
};

/** In minutes since midnight, 0 to 1439. `to` is exclusive; `to <= from` passes midnight (equal: the whole day). */
export type HourBand = {
  readonly name: string;
  readonly fromMinute: number;
  readonly toMinute: number;
  readonly factor: number;
};

export type Factor = { readonly name: string; readonly factor: number; readonly when: readonly Condition[] };

export type ContentType = {
  /** `rule`: the operator's. `standard`: only HTTP's own rules. `pass`: never looked up, never stored. */
  readonly kind: 'rule' | 'standard' | 'pass';
  readonly name: string;
  /** Absent: `ttl.default`. The guide's names have the guide's value. */
  readonly ttl: Seconds | undefined;
  readonly scope: 'user' | 'public';
  readonly cacheControl: 'obey' | 'override';
  readonly tags: readonly TagTemplate[];
  readonly vary: Vary;
  readonly query: QueryRule;
  readonly ordered: boolean;
  /** The statuses that may be stored; a value of `undefined` means the type's own lifetime. */
  readonly statuses: ReadonlyMap<number, Seconds | undefined>;
  readonly staleWhileRevalidate: Seconds;
  readonly staleIfError: Seconds;
  readonly staleAfter: Seconds | undefined;
  /** An answer fetched so soon after a purge that named it lives at most so long. */
  readonly settle: Seconds | undefined;
  readonly setCookie: 'keep' | 'strip';
  readonly refreshAhead: boolean;
  readonly etag: boolean;
  readonly clientReload: 'honour' | 'ignore';
  readonly unless: readonly Unless[];
  /** `mode: shadow`, for this type alone. */
  readonly shadow: boolean;
  readonly rollout: Rollout | undefined;
  /** Absent: `ttl.min` and `ttl.max`. */
  readonly min: Seconds | undefined;
  readonly max: Seconds | undefined;
};

export type Route = {
  /** `GET` includes HEAD and is written `['GET', 'HEAD']` here. */
  readonly methods: readonly string[];
  /** A URLPattern pathname as written; it compiles. */
  readonly pattern: string;
  /** All must hold for the route to match; empty: it always matches. */
  readonly when: readonly RequestCondition[];
  readonly type: string;
  readonly tags: readonly TagTemplate[];
  readonly shadow: boolean;
  readonly rollout: Rollout | undefined;
  readonly line: number;
  readonly column: number;
};

export type Warm = {
  readonly onStart:
    | { readonly popular: number; readonly urls: readonly string[]; readonly sitemap: string | undefined }
    | undefined;
  readonly concurrency: number;
};

/** `type`: for identities seen within `activeWithin`. */
export type RefreshJob =
  | { readonly kind: 'urls'; readonly urls: readonly string[]; readonly every: Seconds }
  | { readonly kind: 'type'; readonly type: string; readonly every: Seconds; readonly activeWithin: Seconds };

export type Janitor = { readonly every: Seconds; readonly scan: number };

export type Alert = {
  readonly name: string;
  readonly when: AlertCondition;
  readonly for: Seconds;
  readonly minRequests: number;
  readonly webhook: string | undefined;
};

export type Weekday = (typeof weekdays)[number];
export type ReportSettings = {
  readonly every: 'day' | 'week';
  readonly day: Weekday;
  readonly atMinute: number;
  readonly webhook: string | undefined;
};

export const weekdays = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
] as const;

const mib = 1024 ** 2;

/** The values of keys that the file leaves out, also of sections that are absent by default. */
export const defaults = {
  upstream: {
    connectTimeout: seconds(2),
    responseTimeout: seconds(30),
    bodyTimeout: seconds(30),
    connections: 128,
    resolveEvery: seconds(10),
    host: 'preserve',
    tls: undefined,
  },
  upstreamTls: { rejectUnauthorized: true },
  listen: {
    host: '0.0.0.0',
    port: 8080,
    trustedProxies: [],
    proxyProtocol: false,
    fastLane: true,
    workers: 1,
    h2c: false,
  },
  listenTls: { minVersion: '1.2' },
  control: { host: '127.0.0.1', port: 8081 },
  store: {
    memoryBytes: 64 * mib,
    maxObjectBytes: 4 * mib,
    coherence: 'bounded',
    lag: seconds(1),
    fallbackTtl: seconds(60),
    compress: true,
  },
  redis: { prefix: 'shelflife', deadline: seconds(0.05), maxBytes: 500_000_000, fillLock: false },
  flaskSession: { cookie: 'session', maxAge: seconds(31 * 86_400), userClaim: 'user_id' },
  jwt: { claim: 'sub' },
  ttl: { default: seconds(300), min: seconds(30), max: seconds(7200), jitter: 0.05, timeZone: 'UTC' },
  popular: { requests: 10, per: seconds(3600) },
  /** The statuses that a rule stores by default: RFC 9110 §15.1's heuristically cacheable ones, without 206. */
  statuses: [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501],
  contentType: {
    scope: 'user',
    cacheControl: 'obey',
    staleWhileRevalidate: seconds(0),
    staleIfError: seconds(0),
    setCookie: 'keep',
    clientReload: 'honour',
  },
  warm: { concurrency: 4 },
  refresh: { activeWithin: seconds(3600) },
  janitor: { every: seconds(1800), scan: 5000 },
  alert: { for: seconds(300), minRequests: 100 },
  rollout: { by: 'identity', salt: 'shelflife', minRequests: 20 },
  report: { every: 'week', day: 'sunday', atMinute: 8 * 60 },
  log: { level: 'info', format: 'json', requests: 'sample' },
  traces: { sample: 0.01, perSecond: 100, service: 'shelflife' },
} as const;

/** The guide's base lifetimes, for content types with these names and no `ttl`. */
export const guideTtl: ReadonlyMap<string, Seconds> = new Map([
  ['user_stats', seconds(300)],
  ['file_content', seconds(3600)],
  ['file_list', seconds(60)],
  ['markdown_render', seconds(1800)],
  ['search_results', seconds(180)],
  ['public_stats', seconds(600)],
  ['bookmarks', seconds(120)],
  ['tags', seconds(300)],
  ['settings', seconds(60)],
]);
