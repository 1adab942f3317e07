/**
 * Which of several instances runs a job.
 */

import type { Seconds } from '../kit/time.ts';

/** What decides; without other instances, nobody need be asked. */
export interface Lease {
  /** Whether this instance is to run the job named; for so long no other is then told so. Never rejects. */
  acquire(name: string, duration: Seconds): Promise<boolean>;
}

/** The only instance there is. */
export const soleLease: Lease = { acquire: () => Promise.resolve(true) };
