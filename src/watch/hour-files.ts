/**
 * Hours and reports as files of one folder, for a proxy without Redis.
 *
 * Promises: a file is whole or not there (written beside, then renamed); reports of one name are published once, also by
 * several processes of one folder; no more reports are kept than a quarter's.
 */

import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HourArchive } from './report-desk.ts';
import { readHours } from './rollup.ts';

const hoursFile = 'hours.json';
const keptReports = 3 * 14;

/** Opens a folder; it is made when something is written. */
export function openHourFiles(folder: string): HourArchive {
  const write = async (name: string, text: string): Promise<void> => {
    await mkdir(folder, { recursive: true });
    const beside = join(folder, `.${name}.${process.pid}`);
    await writeFile(beside, text, { mode: 0o600 });
    await rename(beside, join(folder, name));
  };
  return {
    load: async () => {
      try {
        return readHours(await readFile(join(folder, hoursFile), 'utf8'));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
        throw error;
      }
    },
    save: (hours) => write(hoursFile, JSON.stringify(hours)),
    publish: async (name, text) => {
      await write(name, text);
      await forgetOld(folder);
    },
    claim: async (name) => {
      await mkdir(folder, { recursive: true });
      try {
        await (await open(join(folder, `${name}.claimed`), 'wx')).close();
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
        throw error;
      }
    },
  };
}

/** Names begin with the kind and the date: the first in order are the oldest of their kind. */
async function forgetOld(folder: string): Promise<void> {
  const reports = (await readdir(folder)).filter((name) => /^report-(day|week)-/.test(name));
  const dated = reports.sort((a, b) => dateOf(a).localeCompare(dateOf(b)));
  for (const name of dated.slice(0, -keptReports)) await rm(join(folder, name), { force: true });
}

const dateOf = (name: string): string => name.replace(/^report-(day|week)-/, '');
