/**
 * Hours and reports as files in one folder: hours for a proxy without Redis, reports for every proxy.
 *
 * Promises: a file is complete or absent (written beside, then renamed). A report is published once, even with several
 * processes on one folder. Reports older than a quarter are removed.
 */

import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seconds } from '../../kit/time.ts';
import type { HourArchive } from './hour-archive.ts';
import { type Hour, readHours, sumHours } from '../count/rollup.ts';

const hoursFile = 'hours.json';
const keptReports = 3 * 14;

/** Opens a folder; the first write creates it. */
export function openHourFiles(folder: string): HourArchive {
  const before = new EarlierHours(join(folder, hoursFile));
  return {
    saveEvery: seconds(300),
    settling: seconds(0),
    others: async (from, to) => (await before.load()).filter(({ hour }) => hour >= from && hour < to),
    save: async (own) => {
      const hours = sumHours([...(await before.load()), ...own]);
      await writeWhole(folder, hoursFile, JSON.stringify(hours));
    },
    publish: async (name, text) => {
      await writeWhole(folder, name, text);
      await forgetOld(folder);
    },
    claim: (name) => claim(folder, name),
  };
}

/** The hours of earlier processes: read once, and again only if that failed. */
class EarlierHours {
  readonly #file: string;
  #hours: readonly Hour[] | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  async load(): Promise<readonly Hour[]> {
    try {
      this.#hours ??= readHours(await readFile(this.#file, 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      this.#hours = [];
    }
    return this.#hours;
  }
}

async function writeWhole(folder: string, name: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const beside = join(folder, `.${name}.${process.pid}`);
  await writeFile(beside, text, { mode: 0o600 });
  await rename(beside, join(folder, name));
}

async function claim(folder: string, name: string): Promise<boolean> {
  await mkdir(folder, { recursive: true });
  try {
    await (await open(join(folder, `${name}.claimed`), 'wx')).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Names begin with kind and date, so sorting puts the oldest of a kind first. */
async function forgetOld(folder: string): Promise<void> {
  const reports = (await readdir(folder)).filter((name) => /^report-(day|week)-/.test(name));
  const dated = reports.sort((a, b) => dateOf(a).localeCompare(dateOf(b)));
  for (const name of dated.slice(0, -keptReports)) await rm(join(folder, name), { force: true });
}

const dateOf = (name: string): string => name.replace(/^report-(day|week)-/, '');
