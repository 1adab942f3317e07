/**
 * Tells when a file's content has changed, however it was changed: written in place, replaced by a rename as editors do,
 * or behind a symbolic link that now leads elsewhere.
 *
 * Promise: a file that is written in pieces is told of once, when it has been left alone for a moment.
 */

import { readFile } from 'node:fs/promises';
import { unwatchFile, watchFile } from 'node:fs';

/** Looking twice a second costs a `stat`; watching the file itself would lose it when it is replaced. */
const lookEveryMs = 500;
const quietMs = 150;

/** Calls `onChange` after changes of content, from what is `known` on; gives the function that ends it. */
export function watchContent(
  file: string,
  { known, onChange }: { readonly known: string; readonly onChange: () => void },
): () => void {
  let last = known;
  const look = async (): Promise<void> => {
    const text = await read(file);
    // Between two steps of a rename there is no file: the next look finds the new one.
    if (text === undefined || text === last) return;
    last = text;
    onChange();
  };
  const onStat = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void look(), quietMs);
  };
  watchFile(file, { interval: lookEveryMs, persistent: false }, onStat);
  // It may have changed since it was read, before it was watched.
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
    // Not there, or not readable, now: a reload that is asked for says so.
    return undefined;
  }
}
