/** Checks a factor's condition, and reports what was seen: no credential, and no text of a claim or a body. */

import type { Condition, Literal } from '../../config/schema/condition.ts';
import { combinedValue, fieldLines, trimWhitespace } from '../../http/fields.ts';
import type { Fields } from '../../http/message.ts';
import { isStoredField } from '../../http/storable.ts';
import { type EpochMs, type Seconds, between } from '../../kit/time.ts';
import { valueAt } from './json-pointer.ts';
import { decodeBytes, queryValues } from '../key/query-values.ts';

export type Facts = {
  readonly requestFields: Fields;
  readonly query: string | undefined;
  readonly status: number;
  readonly responseFields: Fields;
  readonly bodyBytes: number;
  readonly body: () => Buffer | undefined;
  readonly access: 'high' | 'low';
  readonly claims?: unknown;
  readonly modifiedAt?: EpochMs | undefined;
  /** The origin's explicit lifetime less its `Age`, for `cache_control: obey`. */
  readonly originBound?: Seconds | undefined;
};

/** `seen` is for people; undefined: nothing was there. */
export type Checked = {
  readonly condition: Condition;
  readonly holds: boolean;
  readonly seen: string | undefined;
};

export type Evidence = { readonly facts: Facts; readonly now: EpochMs; readonly json: () => unknown };

/** Checks a condition. */
export function checkCondition(condition: Condition, { facts, now, json }: Evidence): Checked {
  switch (condition.kind) {
    case 'response_header':
      return checkField(condition, facts.responseFields);
    case 'request_header':
      return checkField(condition, facts.requestFields);
    case 'query': {
      const values = queryValues(facts.query, condition.name);
      return { condition, holds: values.includes(condition.value), seen: joined(values) };
    }
    case 'status':
      return { condition, holds: condition.statuses.includes(facts.status), seen: String(facts.status) };
    case 'larger_than':
      return { condition, holds: facts.bodyBytes > condition.bytes, seen: `${facts.bodyBytes} bytes` };
    case 'access':
      return { condition, holds: facts.access === condition.level, seen: facts.access };
    case 'modified_within':
      return checkModified(condition, facts.modifiedAt, now);
    case 'claim':
      return checkValue(condition, valueAt(facts.claims, condition.path));
    case 'json':
      return checkValue(condition, valueAt(json(), condition.pointer));
  }
}

/** The results, by text, of conditions that a stored response can no longer answer. */
export type HeldConditions = Readonly<Record<string, boolean>>;

/** The results of those conditions that a stored response cannot answer again, or not cheaply. */
export function heldConditions(checked: readonly Checked[], storedFields: Fields): HeldConditions {
  const isLost = ({ condition, holds }: Checked): boolean =>
    !isInResponse(condition) ||
    condition.kind === 'json' ||
    (condition.kind === 'response_header' && holds && !fieldHolds(storedFields, condition));
  const lost = checked.filter(isLost);
  return Object.fromEntries(lost.map(({ condition, holds }) => [textOf(condition), holds]));
}

/** Whether a condition holds for a stored response; `unknown` if that can no longer be told. */
export function checkStored(
  condition: Condition,
  evidence: Evidence,
  { held, unknown }: { readonly held: HeldConditions; readonly unknown: boolean },
): Checked {
  const before = held[textOf(condition)];
  if (before !== undefined) return { condition, holds: before, seen: 'when it was stored' };
  if (isInResponse(condition)) return checkCondition(condition, evidence);
  return { condition, holds: unknown, seen: undefined };
}

const textOf = (condition: Condition): string => JSON.stringify(condition);

function isInResponse(condition: Condition): boolean {
  switch (condition.kind) {
    case 'response_header':
      return isStoredField(condition.name);
    case 'status':
    case 'larger_than':
    case 'modified_within':
    case 'json':
      return true;
    case 'request_header':
    case 'query':
    case 'access':
    case 'claim':
      return false;
  }
}

/** Whether one line of the field, or all joined, has this value. */
export function fieldHolds(fields: Fields, { name, value }: { name: string; value: string }): boolean {
  const lines = [...fieldLines(fields, name).map(trimWhitespace), combinedValue(fields, name)];
  return lines.some((line) => line !== undefined && (line === value || decodeBytes(line) === value));
}

function checkField(condition: Condition & { name: string; value: string }, fields: Fields): Checked {
  const value = combinedValue(fields, condition.name);
  const seen = value !== undefined && secretFields.has(condition.name) ? '(not shown)' : value;
  return { condition, holds: fieldHolds(fields, condition), seen };
}

const secretFields: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
  'set-cookie',
]);

/** A future date comes from a clock that differs, and counts as now. */
function checkModified(
  condition: Condition & { kind: 'modified_within' },
  modifiedAt: EpochMs | undefined,
  now: EpochMs,
): Checked {
  if (modifiedAt === undefined) return { condition, holds: false, seen: undefined };
  const age = between(modifiedAt, now);
  return { condition, holds: age <= condition.within, seen: `${Math.floor(age)} s ago` };
}

function checkValue(condition: Condition & { value: Literal }, value: unknown): Checked {
  const holds = value === condition.value;
  const isText = typeof value === 'string' || (typeof value === 'object' && value !== null);
  const shown = isText && !holds ? `another ${Array.isArray(value) ? 'array' : typeof value}` : String(value);
  return { condition, holds, seen: value === undefined ? undefined : shown };
}

const joined = (values: readonly string[]): string | undefined =>
  values.length === 0 ? undefined : values.join(', ');
