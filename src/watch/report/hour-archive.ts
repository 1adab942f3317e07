/**
 * Where the report's hours are kept beyond the life of a process, and where reports go: files (hour-files.ts), or Redis for
 * all instances (hour-notes.ts).
 */

import type { EpochMs, Seconds } from '../../kit/time.ts';
import type { Hour } from '../count/rollup.ts';

/** Any call may reject; hours that could not be saved are passed again to the next `save`. */
export interface HourArchive {
  /** How often hours are to be saved. */
  readonly saveEvery: Seconds;
  /** How long other instances may take to save their hours when a report is due. */
  readonly settling: Seconds;
  /** Hours counted by earlier processes and other instances that began in [`from`, `to`). */
  others(from: EpochMs, to: EpochMs): Promise<readonly Hour[]>;
  /** Saves the hours of this process; replaces what it saved before. */
  save(own: readonly Hour[]): Promise<void>;
  /** Whether this process publishes the report `name`. */
  claim(name: string): Promise<boolean>;
  /** Writes a finished report under a name, if there is a folder. */
  publish(name: string, text: string): Promise<void>;
}
