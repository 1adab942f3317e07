/** What a client is given, by the lane and by node:http alike. */

import type { LingerBounds } from '../exchange/linger.ts';

/** Bytes of a request's head, and times in milliseconds. */
export type Limits = {
  readonly maxHeaderSize: number;
  /** Until the whole head is here. */
  readonly headersTimeout: number;
  /** Between two pieces of a request's body, and between two pieces of an answer it takes. */
  readonly bodyPauseMs: number;
  /** How often heads that are late are looked for. */
  readonly checkEveryMs: number;
  /** How long and how much is still read of a request that has been answered. */
  readonly linger?: LingerBounds;
};

/** Request heads are at most 16 KB (431 beyond), read within 15 s; a body may not pause for longer than 60 s. */
export const limits: Limits = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 15_000,
  bodyPauseMs: 60_000,
  checkEveryMs: 5000,
};

/** How long a connection may be idle between two requests. */
export const keepAliveMs = 65_000;
