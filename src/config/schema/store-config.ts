/**
 * What an operator can decide about the store: the checked form of the section `store`. Its defaults are in config.ts.
 */

import type { Seconds } from '../../kit/time.ts';
import type { Address } from '../reader/address.ts';

/** Where stored responses live. */
export type StoreConfig = {
  readonly memoryBytes: number;
  readonly maxObjectBytes: number;
  readonly coherence: 'bounded' | 'strict';
  readonly lag: Seconds;
  readonly fallbackTtl: Seconds;
  readonly compress: boolean;
  readonly redis: RedisConfig | undefined;
};

export type RedisConfig = {
  readonly server: RedisServer;
  readonly prefix: string;
  /** What the installation is called; absent: it is known by its upstream. */
  readonly owner?: string | undefined;
  readonly deadline: Seconds;
  readonly maxBytes: number;
  readonly fillLock: boolean;
};

/** Where Redis is, and as whom we are there. */
export type RedisServer = (
  | {
      readonly kind: 'url';
      /** `rediss:` for TLS; user and password are in it, percent-encoded, however they were given. */
      readonly url: string;
    }
  | { readonly kind: 'cluster'; readonly nodes: readonly Address[]; readonly login?: RedisLogin | undefined }
  | {
      readonly kind: 'sentinels';
      readonly sentinels: readonly Address[];
      readonly name: string;
      /** Absent: 0. */
      readonly database?: number | undefined;
      readonly login?: RedisLogin | undefined;
      /** At the Sentinels themselves. */
      readonly sentinelLogin?: RedisLogin | undefined;
    }
) & {
  /** Absent: no TLS, unless the URL says so. */
  readonly tls?: RedisTls | undefined;
};

/** `username` absent: the user `default`. */
export type RedisLogin = { readonly username: string | undefined; readonly password: string };

/** Paths of PEM files, as written. */
export type RedisTls = {
  /** Who must have signed the server's certificate; absent: whom Node trusts. */
  readonly ca: string | undefined;
  /** Our own certificate, where the server asks for one. */
  readonly client: { readonly cert: string; readonly key: string } | undefined;
};
