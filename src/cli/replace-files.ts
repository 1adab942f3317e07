/** Replaces files as wholes: readers see the old file or the new one, never a part. */

import { chmod, readFile, realpath, rename, stat, unlink, writeFile } from 'node:fs/promises';

/** `known`: what the file must still contain; `undefined`: it must not exist. */
export type Replacement = {
  readonly file: string;
  readonly known: string | undefined;
  readonly content: string;
};

/** Replaces a file and keeps its mode; one that does not exist is created. */
export async function replaceFile(given: string, content: string): Promise<void> {
  const file = await realpath(given).catch(() => given);
  const beside = `${file}.${process.pid}.new`;
  try {
    await writeFile(beside, content, { mode: 0o600, flag: 'wx' });
    await chmod(beside, (await stat(file).catch(() => ({ mode: 0o644 }))).mode);
    await rename(beside, file);
  } catch (error) {
    await unlink(beside).catch(() => undefined); // it need not exist
    throw error;
  }
}

/** Replaces all, or rejects and leaves all as they were. Resolves with a file that was changed meanwhile, if there is one. */
export async function replaceFiles(all: readonly Replacement[]): Promise<string | undefined> {
  for (const { file, known } of all) if ((await contentOf(file)) !== known) return file;
  const done: Replacement[] = [];
  try {
    for (const one of all) {
      await replaceFile(one.file, one.content);
      done.push(one);
    }
  } catch (error) {
    for (const { file, known } of done) await (known === undefined ? unlink(file) : replaceFile(file, known));
    throw error;
  }
  return undefined;
}

/** `undefined`: there is no such file. */
export async function contentOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
