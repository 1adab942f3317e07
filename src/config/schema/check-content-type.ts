/**
 * Reads the section `content_types`: the operator's rules for each kind of response.
 *
 * Promises: `standard` and `pass` always exist. `standard` accepts only keys that leave HTTP's own rules in force.
 */

import { type ContentType, type QueryRule, defaults, guideTtl } from '../config.ts';
import { unless } from './check-condition.ts';
import { refuseVoid, rollout } from './check-rollout.ts';
import type { Place } from '../reader/problem.ts';
import { cookieName, headerName, isParameterName, parameterName } from '../reader/read-address.ts';
import { bool, duration, number, positive, text, word } from '../reader/read-scalar.ts';
import {
  type Placed,
  type Reader,
  type Reading,
  type Shape,
  absent,
  failed,
  listOf,
  mapOf,
  notEmpty,
  optional,
  or,
  placed,
  placeOfKey,
  recover,
  refused,
  section,
  then,
} from '../reader/reader.ts';
import { isSeq } from 'yaml';
import type { Seconds } from '../../kit/time.ts';
import { type TagTemplate, parseTag } from './tag-template.ts';

export const tag: Reader<TagTemplate> = then(text, (raw, place, at) => {
  const result = parseTag(raw);
  if (result.kind === 'ok') return result.template;
  at.report(result.code, result.why, place);
  return failed;
});

const keyingHeader: Reader<string> = then(headerName, (name, place, at) => {
  if (name !== 'cookie' && name !== 'authorization') return name;
  at.report(
    'bad-value',
    `\`${name}\` is a credential; use \`scope: user\`, or list single cookies in \`cookies\``,
    place,
  );
  return failed;
});

const cuts = then(notEmpty(mapOf(text, checkParameterName)), (found) =>
  [...found].map(([name, { value }]) => ({ name, at: value })),
);

const reloads = then(notEmpty(mapOf(text, checkParameterName)), (found) =>
  [...found].map(([name, { value }]) => ({ name, value })),
);

function checkParameterName(name: string, place: Place, at: Reading): void {
  if (!isParameterName(name)) at.report('bad-name', 'not a valid query parameter name', place);
}

const query: Reader<QueryRule> = then(
  section(
    {
      ignore: optional(listOf(parameterName)),
      only: optional(listOf(parameterName)),
      cut: or(cuts, []),
      reload: optional(reloads),
    },
    ({ ignore, only, reload }, at, node) => {
      const place = placeOfKey(node, 'only');
      if (node.has('ignore') && node.has('only'))
        at.report('conflicting-keys', '`ignore` and `only` cannot be used together', place);
      const both = [...(ignore ?? []), ...(only ?? [])].find((one) =>
        reload?.some(({ name }) => name === one),
      );
      if (both !== undefined)
        at.report(
          'conflicting-keys',
          `\`${both}\` does not count: it is in \`reload\``,
          placeOfKey(node, 'reload'),
        );
      if (!['ignore', 'only', 'cut', 'reload'].some((name) => node.has(name)))
        at.report('missing-key', 'missing key: `ignore`, `only`, `cut` or `reload`', [
          place[0],
          place[0] + 1,
        ]);
    },
  ),
  ({ ignore, only, cut, reload }): QueryRule => {
    const others = reload === undefined ? { cut } : { cut, reload };
    if (only !== undefined) return { kind: 'only', names: only, ...others };
    return ignore === undefined
      ? { kind: 'all', ...others }
      : { kind: 'ignore', patterns: ignore, ...others };
  },
);

const everyParameter: QueryRule = { kind: 'all', cut: [] };

type Statuses = ReadonlyMap<number, Seconds | undefined>;

// 206 and 304 are not whole responses, 416 answers one client's range, and a failing origin sends no content.
const storable = (status: number): boolean =>
  status >= 200 && (status < 500 || status === 501) && ![206, 304, 416].includes(status);

const status: Reader<number> = then(number({ min: 200, max: 599, whole: true }), (value, place, at) =>
  checkStatus(value, place, at) ? value : failed,
);

function checkStatus(value: number, place: Place, at: Reading): boolean {
  if (storable(value)) return true;
  at.report(
    'out-of-range',
    'this status is never stored; must be 501, or 200 to 499 except 206, 304 and 416',
    place,
  );
  return false;
}

const statusMap: Reader<Statuses> = then(
  mapOf(positive, checkStatusKey),
  (found) => new Map([...found].map(([key, { value }]) => [Number(key), value])),
);

function checkStatusKey(name: string, place: Place, at: Reading): void {
  if (/^\d{3}$/.test(name)) checkStatus(Number(name), place, at);
  else at.report('bad-value', 'not a status code; expected three digits such as 200 or 404', place);
}

const statusList: Reader<Statuses> = then(
  listOf(status),
  (found) => new Map(found.map((value) => [value, undefined])),
);

const statuses: Reader<Statuses> = {
  schema: { anyOf: [statusList.schema, statusMap.schema] },
  read: (node, at) => (isSeq(node) ? statusList : statusMap).read(node, at),
};

const keys = {
  ttl: optional(positive),
  scope: optional(word(['user', 'public'])),
  cache_control: optional(word(['obey', 'override'])),
  tags: or(listOf(placed(tag)), []),
  vary: optional(
    section({
      cookies: or(listOf(placed(cookieName)), []),
      headers: or(listOf(keyingHeader), []),
      claims: optional(listOf(placed(text))),
    }),
  ),
  query: or(query, everyParameter),
  ordered: or(bool, false),
  statuses: optional(statuses),
  stale_while_revalidate: or(duration, defaults.contentType.staleWhileRevalidate),
  stale_if_error: or(duration, defaults.contentType.staleIfError),
  stale_after: optional(duration),
  settle: optional(duration),
  set_cookie: or(word(['keep', 'strip']), defaults.contentType.setCookie),
  refresh_ahead: or(bool, false),
  etag: or(bool, false),
  client_reload: or(word(['honour', 'ignore']), defaults.contentType.clientReload),
  unless: or(unless, []),
  shadow: or(bool, false),
  rollout: optional(rollout),
  min: optional(positive),
  max: optional(positive),
};

/** A content type as read, with places for the checks across sections. */
export type TypeDraft = Shape<typeof keys>;

const rule: Reader<TypeDraft> = section(keys, (read, at, node) => {
  refuseVoid(read, at, node);
  if (read.min === undefined || read.max === undefined || read.min <= read.max) return;
  at.report('min-over-max', '`min` must not be longer than `max`', placeOfKey(node, 'min'));
});

const notHttp = optional(
  refused(
    '`standard` follows HTTP’s own rules (RFC 9111), so this key is not allowed; use a content type of your own',
  ),
);

const standardKeys = {
  ...keys,
  ttl: notHttp,
  scope: notHttp,
  cache_control: notHttp,
  vary: notHttp,
  statuses: notHttp,
  min: notHttp,
  max: notHttp,
};

const standard: Reader<TypeDraft> = section(standardKeys, refuseVoid);

/** A content type without any key. */
const emptyDraft: TypeDraft = absent(keys);

export type TypeDrafts = ReadonlyMap<string, Placed<TypeDraft>>;

export const contentTypes: Reader<TypeDrafts> = mapOf(recover(rule, emptyDraft), checkTypeName, {
  standard: recover(standard, emptyDraft),
});

function checkTypeName(name: string, place: Place, at: Reading): void {
  if (name === 'pass')
    at.report(
      'reserved-name',
      '`pass` is built in: never looked up, never stored; choose another name',
      place,
    );
  else if (!/^[A-Za-z][\w.-]{0,63}$/.test(name)) {
    at.report(
      'bad-name',
      'a content type name must begin with a letter and contain only letters, digits, _, - and .',
      place,
    );
  }
}

/**
 * Returns the checked content types, including the built-in ones. The guide's types need no declaration: those in `used` get
 * what an empty declaration gives. `bounds` are `ttl.min` and `ttl.max`.
 */
export function finishTypes(
  drafts: TypeDrafts,
  used: readonly string[],
  bounds: { readonly min: Seconds; readonly max: Seconds },
): ReadonlyMap<string, ContentType> {
  const names = new Set(['standard', 'pass', ...drafts.keys(), ...used.filter((name) => guideTtl.has(name))]);
  return new Map(
    [...names].map((name) => [name, finishType(name, drafts.get(name)?.value ?? emptyDraft, bounds)]),
  );
}

function finishType(name: string, draft: TypeDraft, bounds: { min: Seconds; max: Seconds }): ContentType {
  const kind = name === 'standard' || name === 'pass' ? name : 'rule';
  return {
    ...draft,
    kind,
    name,
    ttl: draft.ttl ?? (kind === 'rule' ? guideTtl.get(name) : undefined),
    scope: draft.scope ?? defaults.contentType.scope,
    cacheControl: draft.cacheControl ?? defaults.contentType.cacheControl,
    tags: draft.tags.map(({ value }) => value),
    vary: {
      cookies: draft.vary?.cookies.map(({ value }) => value) ?? [],
      headers: draft.vary?.headers ?? [],
      claims: draft.vary?.claims?.map(({ value }) => value),
    },
    statuses: draft.statuses ?? new Map(defaults.statuses.map((value) => [value, undefined])),
    // A type's own bound overrides the general one on the other side: `max: 10s` alone means 10 s, not a contradiction.
    min: draft.min ?? (draft.max !== undefined && draft.max < bounds.min ? draft.max : undefined),
    max: draft.max ?? (draft.min !== undefined && draft.min > bounds.max ? draft.min : undefined),
  };
}
