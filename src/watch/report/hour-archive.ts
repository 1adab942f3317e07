/**
 * Where the report's hours outlive the process that counted them, and where reports go: in files (hour-files.ts), or in
 * Redis for all instances (hour-notes.ts).
 */

import type { EpochMs, Seconds } from '../../kit/time.ts';
import type { Hour } from '../count/rollup.ts';

/** Any call may reject; what could not be kept is given again with the next `save`. */
export interface HourArchive {
  /** How often hours are to be saved. */
  readonly saveEvery: Seconds;
  /** How long the others may take to save what they have when a report is due. */
  readonly settling: Seconds;
  /** What others counted, processes of before or other instances, in hours that began from `from` on and before `to`. */
  others(from: EpochMs, to: EpochMs): Promise<readonly Hour[]>;
  /** Keeps the hours this process has counted, in place of those it kept before. */
  save(own: readonly Hour[]): Promise<void>;
  /** Whether this process is the one to publish `name`. */
  claim(name: string): Promise<boolean>;
  /** Writes a finished report under a name; without a place for it, nowhere. */
  publish(name: string, text: string): Promise<void>;
}
