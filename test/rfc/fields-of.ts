/** Converts field lines of the case tables to the wire form, and back. */

import { combinedValue } from '../../src/http/fields.ts';
import { formatHttpDate } from '../../src/http/http-date.ts';
import type { Fields } from '../../src/http/message.ts';
import { after, type EpochMs, seconds } from '../../src/kit/time.ts';

/** What the placeholders of a case stand for. */
export type Scene = {
  readonly now: EpochMs;
  /** When the case began: `{start}`. */
  readonly start: EpochMs;
  readonly path: string;
  readonly host: string;
  readonly step: number;
};

/** The text with its placeholders filled in. */
export const fillIn = (text: string, { now, start, path, host, step }: Scene): string =>
  text
    .replaceAll(/\{(date|start)([+-]\d+)?\}/g, (_, base: string, offset?: string) =>
      formatHttpDate(after(base === 'date' ? now : start, seconds(Number(offset ?? 0)))),
    )
    .replaceAll('{path}', path)
    .replaceAll('{host}', host)
    .replaceAll('{HOST}', host.toUpperCase())
    .replaceAll('{step}', String(step));

/** Lines as a flat list of names and values, placeholders filled in. */
export const fieldsOf = (lines: readonly string[], scene: Scene): string[] =>
  lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), fillIn(line.slice(colon + 1).replace(/^ /, ''), scene)];
  });

/** Lines with undefined names left out. */
export const valueOf = (fields: Fields, name: string): string | undefined =>
  combinedValue(fields, name.toLowerCase());

/** The lines among `expected` that the fields do not have, told with what is there instead. */
export const differences = (fields: Fields, expected: readonly string[], scene: Scene): string[] =>
  expected.flatMap((line) => {
    const [name = '', wanted = ''] = fieldsOf([line], scene);
    const value = valueOf(fields, name);
    const isThere = wanted === '*' ? value !== undefined : value === wanted;
    return isThere ? [] : [`${name}: ${value ?? '(absent)'}, not ${wanted}`];
  });

/** The names among `unwanted` that the fields have. */
export const present = (fields: Fields, unwanted: readonly string[]): string[] =>
  unwanted.flatMap((name) => {
    const value = valueOf(fields, name);
    return value === undefined ? [] : [`${name}: ${value}, not absent`];
  });
