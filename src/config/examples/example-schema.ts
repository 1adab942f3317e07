/** The schema of a file of examples. */

import { type Node, isMap, isScalar, isSeq } from 'yaml';
import { epochMs, type EpochMs } from '../../kit/time.ts';
import { showReferences } from '../reader/environment.ts';
import type { ExampleAnswer, ExampleBody, ExampleRequest, Expectation, Person } from './example.ts';
import type { Place } from '../reader/problem.ts';
import { isToken } from '../../http/field-name.ts';
import { fileSchema } from '../reader/json-schema.ts';
import { bool, duration, number, size, text, textAs, wireText } from '../reader/read-scalar.ts';
import {
  type Key,
  type Placed,
  type Reader,
  type Reading,
  type Shape,
  failed,
  listOf,
  mapOf,
  notEmpty,
  oneOrMore,
  optional,
  or,
  placed,
  required,
  section,
  then,
} from '../reader/reader.ts';

const request: Reader<ExampleRequest> = textAs({
  expected: 'a request METHOD URL, or METHOD URL as NAME',
  code: 'bad-match',
  parse: (written) => {
    const [, method, url, as] = /^([A-Z]+) (\S+)(?: as (\S+))?$/.exec(written) ?? [];
    return method === undefined || url === undefined ? undefined : { method, url, as };
  },
});

const instant: Reader<EpochMs> = textAs({
  expected: 'an instant such as 2026-03-01T12:00:00Z or 2026-03-01T14:00:00+02:00',
  code: 'bad-time',
  parse: (written) => {
    const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$/.test(written)
      ? Date.parse(written)
      : NaN;
    return Number.isNaN(time) ? undefined : epochMs(time);
  },
});

const anyValue: Reader<unknown> = { schema: {}, read: (node, at) => valueOf(node, at) };

function valueOf(node: Node, at: Reading): unknown {
  if (isScalar(node)) return typeof node.value === 'string' ? showReferences(node.value) : node.value;
  if (isSeq(node)) return node.items.map((item) => valueOf(at.follow(item as Node), at));
  if (!isMap(node)) return null;
  const entries = node.items.map(({ key, value }): [string, unknown] => [
    isScalar(key) ? String(key.value) : '',
    value === null ? null : valueOf(at.follow(value as Node), at),
  ]);
  return Object.fromEntries(entries);
}

const payload: Reader<Readonly<Record<string, unknown>>> = then(mapOf(anyValue), (found) =>
  Object.fromEntries([...found].map(([name, { value }]) => [name, value])),
);

const pairs = then(mapOf(wireText, checkToken), (found) =>
  [...found].map(([name, { value }]) => [name, value] as const),
);

function checkToken(name: string, place: Place, at: Reading): void {
  if (!isToken(name)) at.report('bad-name', 'not a valid cookie or header field name', place);
}

const person: Reader<Person> = section({
  session: optional(payload),
  cookies: or(pairs, []),
  fields: or(pairs, []),
});

const answerKeys = {
  status: or(number({ min: 200, max: 599, whole: true }), 200),
  fields: or(pairs, []),
  body: optional(text),
  json: optional(anyValue),
  size: optional(size(0)),
  session: optional(text),
};

const answer: Reader<ExampleAnswer> = then(
  section(answerKeys, (_, at, node) => {
    const given = ['body', 'json', 'size'].filter((key) => node.has(key));
    if (given.length > 1)
      at.report(
        'conflicting-keys',
        '`body`, `json` and `size` cannot be used together',
        node.range ? [node.range[0], node.range[1]] : [0, 0],
      );
  }),
  ({ json, body, ...rest }) => ({ ...rest, body: json === undefined ? body : JSON.stringify(json) }),
);

const sends: Reader<ExampleBody> = then(
  section({ json: optional(anyValue), form: optional(mapOf(wireText)), body: optional(text) }),
  ({ json, form, body }, place, at) => {
    if ([json, form, body].filter((given) => given !== undefined).length !== 1) {
      at.report('conflicting-keys', 'give one of `json`, `form` and `body`', place);
      return failed;
    }
    if (json !== undefined) return { body: JSON.stringify(json), type: 'application/json' };
    if (form === undefined) return { body: body ?? '', type: undefined };
    const encoded = new URLSearchParams();
    for (const [name, { value }] of form) encoded.set(name, value);
    return { body: encoded.toString(), type: 'application/x-www-form-urlencoded' };
  },
);

const answerOrName: Reader<Placed<string> | ExampleAnswer> = {
  schema: { anyOf: [answer.schema, text.schema] },
  read: (node, at) => (isScalar(node) ? placed(text) : answer).read(node, at),
};

const yesNoOr: Reader<string | boolean> = {
  schema: { type: ['string', 'boolean'] },
  read: (node, at) => (isScalar(node) && typeof node.value === 'boolean' ? node.value : text.read(node, at)),
};

const falseOr: Reader<string | false> = then(yesNoOr, (value, place, at) => {
  if (value !== true) return value;
  at.report('bad-value', 'must be the reason for the pass, such as `rule` or `write-rule`, or false', place);
  return failed;
});

const requests: Reader<readonly Placed<ExampleRequest>[]> = oneOrMore(placed(request));
const none: Key<readonly Placed<ExampleRequest>[]> = or(requests, []);

const expectKeys = {
  route: optional(text),
  write: optional(text),
  type: optional(text),
  scope: optional(text),
  pass: optional(falseOr),
  stored: optional(yesNoOr),
  ttl: optional(duration),
  tags: optional(listOf(text)),
  sent: optional(text),
  same_copy: none,
  other_copy: none,
  ends: none,
  keeps: none,
};

const exampleKeys = {
  name: required(text),
  request: required(requests),
  cookies: or(pairs, []),
  fields: or(pairs, []),
  sends: optional(sends),
  answer: optional(answerOrName),
  at: optional(instant),
  popular: or(bool, false),
  expect: required(notEmpty(section(expectKeys))),
};

const file = section({
  config: optional(text),
  env: or(mapOf(wireText), new Map()),
  now: or(instant, epochMs(Date.UTC(2026, 0, 4, 18))),
  host: or(text, 'localhost'),
  people: or(mapOf(person), new Map()),
  answers: or(mapOf(answer), new Map()),
  examples: required(notEmpty(listOf(section(exampleKeys)))),
});

const plainAnswer: ExampleAnswer = {
  status: 200,
  fields: [],
  body: undefined,
  size: undefined,
  session: undefined,
};

/** The JSON Schema of a file of examples, for editors. */
export const exampleSchema = fileSchema('Examples of the rules of shelflife', file.schema);

/** Reads the file; `undefined` when it could not be read at all. Does not look up names. */
export function readExamples(root: Node, at: Reading) {
  const read = file.read(root, at);
  if (read === failed) return undefined;
  const env = Object.fromEntries([...read.env].map(([name, { value }]) => [name, value]));
  const usual = read.answers.get('usual')?.value ?? plainAnswer;
  return { ...read, env, usual, examples: read.examples.map(exampleDraft) };
}

/** `requests`: every request named in the example, for looking up its person. */
function exampleDraft(read: Shape<typeof exampleKeys>) {
  const { sameCopy, otherCopy, ends, keeps } = read.expect;
  const expect: Expectation = {
    ...read.expect,
    sameCopy: sameCopy.map(({ value }) => value),
    otherCopy: otherCopy.map(({ value }) => value),
    ends: ends.map(({ value }) => value),
    keeps: keeps.map(({ value }) => value),
  };
  return { ...read, expect, requests: [...read.request, ...sameCopy, ...otherCopy, ...ends, ...keeps] };
}
