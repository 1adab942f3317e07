/**
 * Keeps the list of popular requests in a file across restarts.
 *
 * Promises: a missing, damaged or older file counts as empty. The file is written completely or not at all, and is readable
 * by its owner only: it holds URLs, but no credentials and no responses.
 */

import { readFile, rename, writeFile } from 'node:fs/promises';
import { seconds } from '../kit/time.ts';
import { schemaVersion } from '../policy/key/cache-key.ts';
import type { Wanted } from './demand.ts';

/** Incremented whenever the format of the file changes. */
const fileVersion = 1;
const version = `${fileVersion}.${schemaVersion}`;

/** Reads the list; empty if there is none. */
export async function readPopular(path: string): Promise<readonly Wanted[]> {
  try {
    const parsed: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (!isObject(parsed) || parsed['version'] !== version || !Array.isArray(parsed['wanted'])) return [];
    return parsed['wanted'].filter(isWanted);
  } catch {
    // Missing at the first start, or truncated: not an error.
    return [];
  }
}

/** Writes the list in place of the previous one. */
export async function writePopular(path: string, wanted: readonly Wanted[]): Promise<void> {
  const beside = `${path}.new`;
  const rounded = wanted.map((one) => ({
    ...one,
    weight: Math.round(one.weight * 100) / 100,
    cost: seconds(Math.round(one.cost * 1e4) / 1e4),
  }));
  await writeFile(beside, JSON.stringify({ version, wanted: rounded }), { mode: 0o600 });
  await rename(beside, path);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

function isWanted(value: unknown): value is Wanted {
  if (!isObject(value) || !isObject(value['form'])) return false;
  const { form } = value;
  const texts = [value['name'], value['key'], value['variant'], form['host'], form['target']];
  const numbers = [value['weight'], value['cost']];
  return (
    texts.every((text) => typeof text === 'string') &&
    numbers.every((number) => typeof number === 'number' && Number.isFinite(number) && number >= 0) &&
    (form['scheme'] === 'http' || form['scheme'] === 'https') &&
    Array.isArray(form['fields']) &&
    form['fields'].length % 2 === 0 &&
    form['fields'].every((text) => typeof text === 'string')
  );
}
