/**
 * Decides whether a write rule applies by what an exchange turned out to be: its writer, its body, its answer.
 *
 * Promise: doubt ends more, never less. A condition that cannot be decided does not take a rule out: it applies, and so do
 * those after it, up to the first that certainly does.
 */

import type { ExchangeCondition, Expected, WriteRule } from '../../config/schema/write-rule.ts';
import { fieldLines } from '../../http/fields.ts';
import type { Fields } from '../../http/message.ts';
import { fieldHolds } from '../lifetime/conditions.ts';
import {
  atPointer,
  besideQuery,
  type Described,
  equals,
  type Form,
  type Found,
  inField,
  type Read,
  readForm,
  readJson,
} from './body-values.ts';

export type ExchangeFacts = {
  readonly writer: 'known' | 'anonymous' | 'doubt';
  /** `query`: beside the body; some programs read a name from either. */
  readonly request: Described & { readonly query?: string | undefined };
  /** Undefined: nobody knows what the origin did. */
  readonly response: (Described & { readonly status: number }) | undefined;
};

type Decision = 'holds' | 'fails' | 'unknown';
/** `because`: the condition that decided, and what was seen; undefined where all hold. */
export type Decided = { readonly decision: Decision; readonly because: string | undefined };

export type Decide = (rule: WriteRule) => Decided;

/** Creates the function that decides the rules of one exchange. Each body is parsed once, and only if a rule asks. */
export function createDecide(facts: ExchangeFacts): Decide {
  const bodies: Bodies = {
    json: once(() => readJson(facts.request)),
    form: once(() => readForm(facts.request)),
    answer: once(() => (facts.response === undefined ? notWhole : readJson(facts.response))),
  };
  return ({ exchangeWhen }) => {
    const decided = exchangeWhen.map((condition) => decideOne(condition, facts, bodies));
    return (
      decided.find(({ decision }) => decision === 'fails') ??
      decided.find(({ decision }) => decision === 'unknown') ?? { decision: 'holds', because: undefined }
    );
  };
}

/** The rules that apply, and whether the request may be one that no rule is for. */
export function applying<T extends { readonly rule: WriteRule }>(
  candidates: readonly T[],
  decide: Decide,
): { readonly rules: readonly T[]; readonly isUnmatched: boolean } {
  const rules: T[] = [];
  for (const candidate of candidates) {
    const { decision } = decide(candidate.rule);
    if (decision === 'fails') continue;
    rules.push(candidate);
    if (decision === 'holds') return { rules, isUnmatched: false };
  }
  return { rules, isUnmatched: true };
}

const notWhole: Read<never> = { kind: 'unreadable', why: 'not-whole' };

type Bodies = {
  readonly json: () => Read<unknown>;
  readonly form: () => Read<Form>;
  readonly answer: () => Read<unknown>;
};

function decideOne(condition: ExchangeCondition, facts: ExchangeFacts, bodies: Bodies): Decided {
  const { kind } = condition;
  const beside =
    (of: ExchangeCondition['kind']): Beside =>
    (found, name = '') =>
      of.includes('response') ? found : besideQuery(found, name, facts.request.query);
  switch (kind) {
    case 'identity':
      return byWriter(condition.is, facts.writer);
    case 'json':
    case 'response_json':
      return byValue(condition, kind === 'json' ? bodies.json() : bodies.answer(), beside(kind));
    case 'any_json':
    case 'any_response_json':
      return byAny(kind, kind === 'any_json' ? bodies.json() : bodies.answer(), (document) =>
        condition.pointers.map((pointer) => beside(kind)(atPointer(document, pointer), pointer[0])),
      );
    case 'form': {
      const form = bodies.form();
      return form.kind === 'unreadable'
        ? unknown(`form: ${form.why}`)
        : told(
            `form ${condition.name}`,
            beside(kind)(inField(form.value, condition.name), condition.name),
            condition.expected,
          );
    }
    case 'any_form':
      return byAny(kind, bodies.form(), (form) =>
        condition.names.map((name) => beside(kind)(inField(form, name), name)),
      );
    case 'response_status':
    case 'response_header':
    case 'any_response_header':
      return byHead(condition, facts.response);
    default:
      return kind satisfies never;
  }
}

const unknown = (because: string): Decided => ({ decision: 'unknown', because });
const plain = (holds: boolean, because: string): Decided => ({
  decision: holds ? 'holds' : 'fails',
  because,
});

function byWriter(is: 'known' | 'anonymous', writer: ExchangeFacts['writer']): Decided {
  return writer === 'doubt' ? unknown('identity: in doubt') : plain(writer === is, `identity: ${writer}`);
}

function byValue(
  { kind, pointer, expected }: Extract<ExchangeCondition, { pointer: unknown }>,
  document: Read<unknown>,
  beside: Beside,
): Decided {
  if (document.kind === 'unreadable') return unknown(`${kind}: ${document.why}`);
  return told(
    `${kind} /${pointer.join('/')}`,
    beside(atPointer(document.value, pointer), pointer[0]),
    expected,
  );
}

/** What of a name is found in the body, where the query may have it too. */
type Beside = (found: Found, name: string | undefined) => Found;

function told(where: string, found: Found, expected: Expected): Decided {
  if (found.kind === 'unsure') return unknown(`${where}: in two ways`);
  const isThere = found.kind === 'value';
  switch (expected.kind) {
    case 'present':
    case 'absent':
      return plain(isThere === (expected.kind === 'present'), `${where}: ${isThere ? 'present' : 'absent'}`);
    case 'only':
      if (isThere && found.isAlone === undefined) return unknown(`${where}: beside a query`);
      return plain(
        isThere && found.isAlone === true,
        `${where}: ${isThere ? (found.isAlone ? 'only' : 'not alone') : 'absent'}`,
      );
    case 'equal': {
      if (!isThere) return plain(false, `${where}: absent`);
      const isEqual = equals(found.value, expected.value);
      return isEqual === undefined
        ? unknown(`${where}: another way to write ${String(expected.value)}, or a number too large`)
        : plain(isEqual, `${where}: ${isEqual ? String(expected.value) : 'another value'}`);
    }
    default:
      return expected satisfies never;
  }
}

function byAny<T>(kind: string, read: Read<T>, look: (value: T) => readonly Found[]): Decided {
  if (read.kind === 'unreadable') return unknown(`${kind.replace('any_', '')}: ${read.why}`);
  const found = look(read.value);
  const where = kind.replace('any_', '');
  if (found.some((one) => one.kind === 'value')) return plain(true, `${where}: one is present`);
  if (found.some((one) => one.kind === 'unsure')) return unknown(`${where}: in two ways`);
  return plain(false, `${where}: none is present`);
}

type HeadCondition = Extract<ExchangeCondition, { kind: `${string}response_${'status' | 'header'}` }>;

function byHead(condition: HeadCondition, response: ExchangeFacts['response']): Decided {
  if (response === undefined) return unknown('response: not known');
  switch (condition.kind) {
    case 'response_status':
      return plain(condition.statuses.includes(response.status), `response status: ${response.status}`);
    case 'response_header':
      return header(condition.name, fieldHolds(response.fields, condition));
    case 'any_response_header':
      return header(condition.names.join(', '), hasAny(response.fields, condition.names));
    default:
      return condition satisfies never;
  }
}

const hasAny = (fields: Fields, names: readonly string[]): boolean =>
  names.some((name) => fieldLines(fields, name).length > 0);

const header = (name: string, holds: boolean): Decided =>
  plain(holds, `response ${name}: ${holds ? 'as listed' : 'another, or none'}`);

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** Which bodies the conditions of rules are about. */
export function bodiesAsked(rules: readonly WriteRule[]): {
  readonly request: boolean;
  readonly answer: boolean;
} {
  const kinds = new Set(rules.flatMap(({ exchangeWhen }) => exchangeWhen.map(({ kind }) => kind)));
  const has = (...wanted: readonly ExchangeCondition['kind'][]): boolean =>
    wanted.some((kind) => kinds.has(kind));
  return {
    request: has('json', 'any_json', 'form', 'any_form'),
    answer: has('response_json', 'any_response_json'),
  };
}
