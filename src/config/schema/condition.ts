/** The checked form of conditions: of a factor, of `unless`, of an alert. Kinds are the words of the file. */

import type { Seconds } from '../../kit/time.ts';

/** A value to compare with a claim or a JSON body. */
export type Literal = string | number | boolean | null;

/** Names of header fields are in lower case. `json` pointers are decoded into their reference tokens. */
export type Condition =
  | {
      readonly kind: 'response_header' | 'request_header' | 'query';
      readonly name: string;
      readonly value: string;
    }
  | { readonly kind: 'modified_within'; readonly within: Seconds }
  | { readonly kind: 'access'; readonly level: 'high' }
  | { readonly kind: 'status'; readonly statuses: readonly number[] }
  | { readonly kind: 'larger_than'; readonly bytes: number }
  | { readonly kind: 'claim'; readonly path: readonly string[]; readonly value: Literal }
  | { readonly kind: 'json'; readonly pointer: readonly string[]; readonly value: Literal };

/**
 * A condition on a request, for a route or a write rule: a parameter or field with this value, or any of several present.
 * Names of header fields are in lower case.
 */
export type RequestCondition =
  | { readonly kind: 'query' | 'request_header'; readonly name: string; readonly value: string }
  | { readonly kind: 'any_query' | 'any_request_header'; readonly names: readonly string[] };

/** A 200 for which one of these holds is delivered but not stored. */
export type Unless =
  | { readonly kind: 'json'; readonly pointer: readonly string[]; readonly value: Literal }
  | { readonly kind: 'body_contains'; readonly text: string }
  | { readonly kind: 'smaller_than'; readonly bytes: number }
  | { readonly kind: 'response_header'; readonly name: string; readonly value: string };

export type AlertCondition =
  | { readonly kind: 'hit_rate_below' | 'origin_error_rate_above' | 'stale_above'; readonly share: number }
  | { readonly kind: 'origin_latency_above' | 'purge_lag_above'; readonly duration: Seconds }
  | { readonly kind: 'memory_above'; readonly bytes: number }
  | { readonly kind: 'redis_down' | 'leak_suspected' };

/** Whether an alert's condition is a mean or a rate over its whole `for`, rather than a state that must last that long. */
export const isMeasuredOverFor = ({ kind }: { readonly kind: string }): boolean =>
  ['hit_rate_below', 'origin_error_rate_above', 'origin_latency_above', 'stale_above'].includes(kind);
