/**
 * Keeps over restarts which percentages are in force in place of the file's.
 *
 * Promises: what `write` has returned from is kept; a file that is there and cannot be read is not taken for none.
 */

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { epochMs, type EpochMs } from '../kit/time.ts';
import type { RolloutScope } from '../policy/rules/share.ts';

/** Set by an operator, or by a rollback: then `why` says why. */
export type LiveValue = {
  readonly percent: number;
  /** The file's, which it stands in for. */
  readonly filePercent: number;
  readonly at: EpochMs;
  /** The name of a token, or `rollback`. */
  readonly by: string;
  readonly why: string | undefined;
};

export type LiveValues = ReadonlyMap<RolloutScope, LiveValue>;

const version = 1;

/** Reads them. */
export function readLiveValues(path: string): LiveValues | 'unreadable' {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return isMissing ? new Map() : 'unreadable';
  }
  try {
    const parsed = JSON.parse(text) as { version?: unknown; values?: unknown };
    const values = parsed.version === version && Array.isArray(parsed.values) ? parsed.values : undefined;
    const read = values?.map(valueOf);
    return read === undefined || read.includes(undefined)
      ? 'unreadable'
      : new Map(read.filter((one) => one !== undefined));
  } catch {
    // Cut short, or something else.
    return 'unreadable';
  }
}

/** Writes them in place of those before. Throws if it cannot. */
export function writeLiveValues(path: string, values: LiveValues): void {
  const beside = `${path}.new`;
  const listed = [...values].map(([scope, value]) => ({ scope, ...value }));
  writeFileSync(beside, JSON.stringify({ version, values: listed }), { mode: 0o600, flush: true });
  renameSync(beside, path);
}

function valueOf(written: unknown): readonly [RolloutScope, LiveValue] | undefined {
  if (typeof written !== 'object' || written === null) return undefined;
  const { scope, percent, filePercent, at, by, why } = written as Readonly<Record<string, unknown>>;
  if (typeof scope !== 'string' || !/^(all|(type|route) .+)$/.test(scope)) return undefined;
  const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
  if (!isNumber(percent) || !isNumber(filePercent) || !isNumber(at) || typeof by !== 'string')
    return undefined;
  if (percent < 0 || percent > 100 || (why !== undefined && typeof why !== 'string')) return undefined;
  return [scope as RolloutScope, { percent, filePercent, at: epochMs(at), by, why }];
}
