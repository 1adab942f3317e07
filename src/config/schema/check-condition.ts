/** Reads conditions: the `when` of a factor, the `unless` of a content type, the `when` of an alert. */

import { type Node, isSeq } from 'yaml';
import type { AlertCondition, Condition, Literal, RequestCondition, Unless } from '../config.ts';
import { isToken } from '../../http/field-name.ts';
import { headerName, parameterName } from '../reader/read-address.ts';
import {
  bool,
  literal,
  number,
  percentage,
  positive,
  size,
  text,
  wireText,
  word,
} from '../reader/read-scalar.ts';
import { placeOf } from '../reader/document.ts';
import type { Place } from '../reader/problem.ts';
import {
  type Reader,
  type Reading,
  failed,
  listOf,
  mapOf,
  notEmpty,
  oneOrMore,
  optional,
  section,
  then,
} from '../reader/reader.ts';

const share = number({ min: 0, max: 1 });

/** Names with the value to compare: `{ x-is-favorite: "true" }`. */
export const fields: Reader<readonly { name: string; value: string }[]> = then(
  notEmpty(mapOf(wireText, checkHeaderName)),
  (found) => [...found].map(([name, { value }]) => ({ name: name.toLowerCase(), value })),
);

function checkHeaderName(name: string, place: Place, at: Reading): void {
  if (!isToken(name)) at.report('bad-name', 'not a valid header field name', place);
}

/** Parameters with the value to compare. */
export const parameters = then(notEmpty(mapOf(wireText)), (found) =>
  [...found].map(([name, { value }]) => ({ name, value })),
);

/** JSON Pointers (RFC 6901) with the value that must be there. */
const json: Reader<readonly { pointer: readonly string[]; value: Literal }[]> = then(
  notEmpty(mapOf(literal, checkPointer)),
  (found) => [...found].map(([pointer, { value }]) => ({ pointer: tokensOf(pointer), value })),
);

/** Whether a text is a JSON Pointer (RFC 6901 §3). */
export const isPointer = (text: string): boolean => /^(\/([^~]|~[01])*)?$/.test(text);

function checkPointer(pointer: string, place: Place, at: Reading): void {
  if (isPointer(pointer)) return;
  at.report(
    'bad-pointer',
    'not a valid JSON Pointer; write /is_favorite or /user/tier (~0 for ~, ~1 for /)',
    place,
  );
}

/** The reference tokens of a JSON Pointer. RFC 6901 §4: ~1 first, then ~0, so that ~01 becomes ~1. */
export const tokensOf = (pointer: string): readonly string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));

const claims: Reader<readonly { path: readonly string[]; value: Literal }[]> = then(
  notEmpty(mapOf(literal, checkClaim)),
  (found) => [...found].map(([path, { value }]) => ({ path: path.split('.'), value })),
);

function checkClaim(path: string, place: Place, at: Reading): void {
  if (path.split('.').includes(''))
    at.report('bad-name', 'not a valid claim; expected a dotted path such as user_data.is_premium', place);
}

const whenSection = section({
  response_header: optional(fields),
  request_header: optional(fields),
  query: optional(parameters),
  modified_within: optional(positive),
  access: optional(word(['high'])),
  status: optional(oneOrMore(number({ min: 200, max: 599, whole: true }))),
  larger_than: optional(size(0)),
  claim: optional(claims),
  json: optional(json),
});

/** All must hold. */
export const when: Reader<readonly Condition[]> = then(
  notEmpty(whenSection),
  (read): readonly Condition[] => [
    ...(read.responseHeader ?? []).map((field) => ({ kind: 'response_header', ...field }) as const),
    ...(read.requestHeader ?? []).map((field) => ({ kind: 'request_header', ...field }) as const),
    ...(read.query ?? []).map((parameter) => ({ kind: 'query', ...parameter }) as const),
    ...(read.modifiedWithin === undefined
      ? []
      : [{ kind: 'modified_within', within: read.modifiedWithin } as const]),
    ...(read.access === undefined ? [] : [{ kind: 'access', level: read.access } as const]),
    ...(read.status === undefined ? [] : [{ kind: 'status', statuses: read.status } as const]),
    ...(read.largerThan === undefined ? [] : [{ kind: 'larger_than', bytes: read.largerThan } as const]),
    ...(read.claim ?? []).map((claim) => ({ kind: 'claim', ...claim }) as const),
    ...(read.json ?? []).map((value) => ({ kind: 'json', ...value }) as const),
  ],
);

type Named = readonly { readonly name: string; readonly value: string }[];

/** A mapping: each must have this value. A list: one of these must be present, with any value. */
export function either<T, Name>(
  values: Reader<readonly T[]>,
  names: Reader<Name>,
): Reader<readonly T[] | { readonly anyOf: readonly Name[] }> {
  const list = notEmpty(listOf(names));
  return {
    schema: { anyOf: [list.schema, values.schema] },
    read(node, at) {
      if (!isSeq(node)) return values.read(node, at);
      const anyOf = list.read(node, at);
      return anyOf === failed ? failed : { anyOf };
    },
  };
}

const requestSection = section({
  query: optional(either(parameters, parameterName)),
  request_header: optional(either(fields, headerName)),
});

/** `when` of a route: all must hold. */
export const requestWhen: Reader<readonly RequestCondition[]> = then(notEmpty(requestSection), (read) => [
  ...requestConditions('query', read.query),
  ...requestConditions('request_header', read.requestHeader),
]);

/** The conditions on the head of a request that one key holds. */
export function requestConditions(
  kind: 'query' | 'request_header',
  read: Named | { readonly anyOf: readonly string[] } | undefined,
): readonly RequestCondition[] {
  if (read === undefined) return [];
  if ('anyOf' in read) return [{ kind: `any_${kind}`, names: read.anyOf }];
  return read.map((pair) => ({ kind, ...pair }));
}

const unlessSection = section({
  json: optional(json),
  body_contains: optional(oneOrMore(text)),
  smaller_than: optional(size(1)),
  response_header: optional(fields),
});

/** `unless` of a content type: each condition that holds keeps the response out of the store. */
export const unless: Reader<readonly Unless[]> = then(notEmpty(unlessSection), (read): readonly Unless[] => [
  ...(read.json ?? []).map((value) => ({ kind: 'json', ...value }) as const),
  ...(read.bodyContains ?? []).map((value) => ({ kind: 'body_contains', text: value }) as const),
  ...(read.smallerThan === undefined ? [] : [{ kind: 'smaller_than', bytes: read.smallerThan } as const]),
  ...(read.responseHeader ?? []).map((field) => ({ kind: 'response_header', ...field }) as const),
]);

const yes: Reader<boolean> = then(bool, (value, place, at) => {
  if (value) return value;
  at.report('bad-value', 'must be true; remove the condition to turn it off', place);
  return failed;
});

const alertSection = section(
  {
    hit_rate_below: optional(share),
    origin_error_rate_above: optional(share),
    stale_above: optional(percentage),
    origin_latency_above: optional(positive),
    purge_lag_above: optional(positive),
    memory_above: optional(size(1)),
    redis_down: optional(yes),
    leak_suspected: optional(yes),
  },
  (_, at, node) => {
    const second = node.items[1];
    if (second !== undefined)
      at.report(
        'conflicting-keys',
        'an alert must have exactly one condition; split it into two alerts',
        placeOf(second.key as Node),
      );
  },
);

/** `when` of an alert: exactly one condition. */
export const alertWhen: Reader<AlertCondition> = then(notEmpty(alertSection), (read) => {
  const all: (AlertCondition | undefined)[] = [
    read.hitRateBelow === undefined ? undefined : { kind: 'hit_rate_below', share: read.hitRateBelow },
    read.originErrorRateAbove === undefined
      ? undefined
      : { kind: 'origin_error_rate_above', share: read.originErrorRateAbove },
    read.staleAbove === undefined ? undefined : { kind: 'stale_above', share: read.staleAbove },
    read.originLatencyAbove === undefined
      ? undefined
      : { kind: 'origin_latency_above', duration: read.originLatencyAbove },
    read.purgeLagAbove === undefined ? undefined : { kind: 'purge_lag_above', duration: read.purgeLagAbove },
    read.memoryAbove === undefined ? undefined : { kind: 'memory_above', bytes: read.memoryAbove },
    read.redisDown === undefined ? undefined : { kind: 'redis_down' },
    read.leakSuspected === undefined ? undefined : { kind: 'leak_suspected' },
  ];
  // None: it has been refused. Several: a problem has been reported, so any will do.
  return all.find((condition) => condition !== undefined) ?? failed;
});
