/** Where the report's hours are kept: for all instances if the store connects them, else in a folder, else nowhere. */

import type { Clock } from '../../kit/time.ts';
import type { OpenStore } from '../../store/opened-store.ts';
import type { HourArchive } from './hour-archive.ts';
import { openHourFiles } from './hour-files.ts';
import { openHourNotes } from './hour-notes.ts';

type Places = Pick<OpenStore, 'notes' | 'lease'> & {
  readonly folder: string | undefined;
  readonly clock: Clock;
};

/** Opens the archive. */
export function openArchive({ notes, lease, folder: path, clock }: Places): HourArchive | undefined {
  const folder = path === undefined ? undefined : openHourFiles(path);
  if (notes === undefined || lease === undefined) return folder;
  return openHourNotes({ notes, lease, clock, folder });
}
