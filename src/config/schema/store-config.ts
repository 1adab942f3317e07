/** The checked form of the section `store`. Its defaults are in config.ts. */

import type { Seconds } from '../../kit/time.ts';
import type { Address } from '../reader/address.ts';

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
  /** The name of the installation; absent: its upstream identifies it. */
  readonly owner?: string | undefined;
  readonly deadline: Seconds;
  readonly maxBytes: number;
  readonly fillLock: boolean;
};

/** Where Redis is, and how we log in. */
export type RedisServer = (
  | {
      readonly kind: 'url';
      /** `rediss:` for TLS. Includes user and password, percent-encoded, wherever they were given. */
      readonly url: string;
    }
  | { readonly kind: 'cluster'; readonly nodes: readonly Address[]; readonly login?: RedisLogin | undefined }
  | {
      readonly kind: 'sentinels';
      readonly sentinels: readonly Address[];
      readonly name: string;
      readonly database?: number | undefined;
      readonly login?: RedisLogin | undefined;
      /** For the Sentinels themselves. */
      readonly sentinelLogin?: RedisLogin | undefined;
    }
) & {
  /** Absent: no TLS, unless the URL says so. */
  readonly tls?: RedisTls | undefined;
};

/** Without `username`: the user `default`. */
export type RedisLogin = { readonly username: string | undefined; readonly password: string };

/** Paths of PEM files, as written. */
export type RedisTls = {
  /** The authority that must have signed the server's certificate; absent: those that Node trusts. */
  readonly ca: string | undefined;
  /** Our own certificate, if the server requires one. */
  readonly client: { readonly cert: string; readonly key: string } | undefined;
};
