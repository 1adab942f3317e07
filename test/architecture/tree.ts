/**
 * The repository's files, as the rules read them.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { Tree } from './source.ts';

/** Where the repository is. */
export const ROOT = join(import.meta.dirname, '..', '..');

const NOT_OURS: readonly string[] = ['node_modules', '.git', '.tap', '.data', 'dist', 'coverage'];
const TEXT = /(^|\/)([^/.]+|\.[^/.]+|[^/]*\.(ts|js|mjs|json|md|yaml|yml|html|css|sql|toml|txt|sh))$/;

/** All text files below `folder` ('' for the whole repository), but for what is installed or generated. */
export function readTree(folder: string): Tree {
  const files = new Map<string, string>();
  for (const file of filesBelow(folder)) {
    if (TEXT.test(file)) files.set(file, readFileSync(join(ROOT, file), 'utf8'));
  }
  return files;
}

function filesBelow(folder: string): readonly string[] {
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name).split(sep).join('/');
    // In a linked work tree `.git` is a file.
    if (NOT_OURS.includes(entry.name)) return [];
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() && !entry.name.endsWith('.log') ? [path] : [];
  });
}

/** The parts of a tree whose paths match. */
export function only(tree: Tree, pattern: RegExp): Tree {
  return new Map([...tree].filter(([file]) => pattern.test(file)));
}
