/**
 * Reports when a file's content has changed: written in place, replaced by a rename as editors do, or reached through a
 * symbolic link that now points elsewhere.
 *
 * Promise: a file written in several pieces is reported once, after it has been quiet for a moment.
 */

import { readFile } from 'node:fs/promises';
import { unwatchFile, watchFile } from 'node:fs';

/** Polling twice a second costs a `stat`; a watch on the file itself would lose it when it is replaced. */
const lookEveryMs = 500;
const quietMs = 150;

type Watching = {
  readonly known: string;
  readonly onChange: () => void;
  /** Whether the process lives on for it. */
  readonly persistent?: boolean;
};

/** Calls `onChange` when the content differs from `known`, then from the last content; returns the function that stops it. */
export function watchContent(file: string, { known, onChange, persistent = false }: Watching): () => void {
  let last = known;
  const look = async (): Promise<void> => {
    const text = await read(file);
    // During a rename the file may be missing: the next poll finds the new one.
    if (text === undefined || text === last) return;
    last = text;
    onChange();
  };
  const onStat = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void look(), quietMs);
  };
  watchFile(file, { interval: lookEveryMs, persistent }, onStat);
  // It may have changed between reading and watching.
  let timer = setTimeout(() => void look(), lookEveryMs);
  return () => {
    clearTimeout(timer);
    unwatchFile(file, onStat);
  };
}

async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    // Missing or not readable now: an explicit reload reports that.
    return undefined;
  }
}
