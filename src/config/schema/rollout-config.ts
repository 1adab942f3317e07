/** The checked form of `rollout`. */

import type { Seconds } from '../../kit/time.ts';

/** Who is cached; the others are in shadow. `by`: which share, of the identities or of the keys. */
export type Rollout = {
  readonly percent: number;
  readonly by: 'identity' | 'key';
  /** Another one chooses others. */
  readonly salt: string;
};

/** When nobody of a rollout is cached any more: shares over `for`, of at least so many. */
export type Rollback = {
  readonly staleAbove: number | undefined;
  readonly errorRateAbove: number | undefined;
  readonly for: Seconds;
  readonly minRequests: number;
};
