/**
 * Checks what must agree between sections: names of content types, placeholders and the routes that use them, bounds.
 *
 * Promise: nothing is refused because something else could not be read; a section that failed is ignored.
 */

import { isDeepStrictEqual } from 'node:util';
import { type RefreshJob, type TtlConfig, guideTtl } from '../config.ts';
import { type RouteDraft, type WriteDraft, refuseUnreachable } from './check-routes.ts';
import type { TypeDraft, TypeDrafts } from './check-content-type.ts';
import type { Match } from '../../pattern/match.ts';
import type { Place } from '../reader/problem.ts';
import type { Placed, Reading } from '../reader/reader.ts';
import { showDuration } from '../reader/scalar.ts';
import { suggest } from '../reader/suggest.ts';
import { refuseRepeatedNames } from '../reader/unique-names.ts';
import { type TagTemplate, pathParametersOf } from './tag-template.ts';

/** The sections, as far as they could be read. */
export type Sections = {
  readonly contentTypes?: TypeDrafts;
  readonly routes?: readonly RouteDraft[];
  readonly unmatched?: 'standard' | 'pass';
  readonly writes?: readonly WriteDraft[];
  readonly refresh?: readonly (
    { readonly kind: 'type'; readonly type: Placed<string> } | (RefreshJob & { readonly kind: 'urls' })
  )[];
  readonly ttl?: TtlConfig;
  readonly credentials?: readonly string[];
  readonly ignoredClaims?: readonly string[] | undefined;
  readonly ttlPlace?: Place;
};

/** Reports what does not fit together. */
export function checkAcross(sections: Sections, lineOf: (place: Place) => number, at: Reading): void {
  const { contentTypes, routes, writes } = sections;
  if (contentTypes !== undefined) checkTypesUsed(contentTypes, sections, at);
  if (routes !== undefined) {
    refuseUnreachable(
      routes.map(({ match, when }) => ({ match, isConditional: when.length > 0 })),
      lineOf,
      at,
    );
    for (const route of routes) checkRouteTags(route, at);
    checkRouteRollouts(routes, at);
  }
  if (contentTypes !== undefined && routes !== undefined) {
    for (const [name, type] of contentTypes) checkType({ name, type, routes }, sections, at);
    for (const route of routes) warnOfRoute(route, contentTypes, at);
  }
  if (writes !== undefined) checkWrites(writes, lineOf, at);
  checkLifetimeClaims(sections, at);
}

/** A copy would have the lifetime of whichever value it was fetched with. */
function checkLifetimeClaims({ ttl, ignoredClaims = [], ttlPlace = [0, 0] }: Sections, at: Reading): void {
  for (const { name, when } of ttl?.factors ?? [])
    for (const condition of when)
      if (condition.kind === 'claim' && ignoredClaims.includes(condition.path[0] ?? ''))
        at.report(
          'bad-value',
          `the factor \`${name}\` asks for \`${condition.path.join('.')}\`, which \`ignore_claims\` leaves out of the identity`,
          ttlPlace,
        );
}

/** A rollout is counted, changed and rolled back by its route's pattern. */
function checkRouteRollouts(routes: readonly RouteDraft[], at: Reading): void {
  const earlier = new Map<string, RouteDraft>();
  for (const route of routes) {
    if (route.type.value === 'pass') continue;
    for (const { value, place } of route.match) {
      if (!value.methods.includes('GET')) continue;
      const first = earlier.get(value.pattern);
      if (first === undefined) earlier.set(value.pattern, route);
      else if (!isDeepStrictEqual(first.rollout, route.rollout))
        at.report(
          'conflicting-keys',
          `another route of \`${value.pattern}\` has another \`rollout\`; give both the same`,
          place,
        );
    }
  }
}

function checkWrites(writes: readonly WriteDraft[], lineOf: (place: Place) => number, at: Reading): void {
  const reachable = writes.map(({ match, when }) => ({
    match,
    isConditional: when.request.length + when.exchange.length > 0,
  }));
  refuseUnreachable(reachable, lineOf, at);
  const named = writes.flatMap(({ name }) => (name === undefined ? [] : [name]));
  refuseRepeatedNames(
    named.map(({ value, place }) => ({ value: { name: value }, place })),
    at,
  );
  for (const write of writes) checkWriteTags(write, at);
}

function checkTypesUsed(types: TypeDrafts, { routes, refresh }: Sections, at: Reading): void {
  const known = new Set([...types.keys(), 'standard', 'pass', ...guideTtl.keys()]);
  const jobs = (refresh ?? []).flatMap((job) => (job.kind === 'type' ? [job.type] : []));
  for (const { value, place } of [...(routes ?? []).map(({ type }) => type), ...jobs]) {
    if (!known.has(value))
      at.report('unknown-type', `unknown content type \`${value}\`${suggest(value, known)}`, place);
  }
  for (const { value, place } of jobs) {
    if (value === 'pass')
      at.report('bad-value', '`pass` is never stored, so there is nothing to refresh', place);
  }
}

/** A route's own tags may use the parameters of each of its patterns. */
function checkRouteTags({ match, tags }: RouteDraft, at: Reading): void {
  for (const tag of tags) {
    for (const name of pathParametersOf(tag.value)) {
      const lacking = match.find(({ value }) => !value.parameters.includes(name));
      if (lacking !== undefined) refusePlaceholder({ tag, name }, lacking.value, at);
    }
  }
}

function refusePlaceholder(
  { tag, name }: { tag: Placed<TagTemplate>; name: string },
  match: Match,
  at: Reading,
): void {
  const hint = suggest(name, ['user', ...match.parameters]);
  at.report(
    'unknown-placeholder',
    `{${name}} is not a parameter of \`${match.method} ${match.pattern}\`${hint}`,
    tag.place,
  );
}

type TypeUse = {
  readonly name: string;
  readonly type: Placed<TypeDraft>;
  readonly routes: readonly RouteDraft[];
};

/** A content type's tags must work for every one of its routes. */
function checkType(use: TypeUse, sections: Sections, at: Reading): void {
  const { name, type, routes } = use;
  const matches = routes.filter((route) => route.type.value === name).flatMap((route) => route.match);
  const unmatchedToo = name === 'standard' && sections.unmatched === 'standard';
  for (const tag of type.value.tags) {
    for (const parameter of pathParametersOf(tag.value)) {
      const lacking = matches.find(({ value }) => !value.parameters.includes(parameter));
      if (lacking !== undefined) refusePlaceholder({ tag, name: parameter }, lacking.value, at);
      else if (unmatchedToo) {
        at.report(
          'unknown-placeholder',
          `unmatched requests are \`standard\` too and have no {${parameter}}`,
          tag.place,
        );
      }
    }
  }
  if (type.value.scope === 'public') checkPublic(use, sections.credentials ?? [], at);
  if (sections.ignoredClaims !== undefined) checkClaims(type.value, sections.ignoredClaims, at);
  if (name === 'standard' || name === 'pass') return;
  if (matches.length === 0) at.warn('unused-type', `no route uses the content type \`${name}\``, type.place);
  if (sections.ttl !== undefined) warnOfBounds(type, sections.ttl, at);
}

/** A claim that is not ignored tells identities apart already. */
function checkClaims({ vary, scope }: TypeDraft, ignored: readonly string[], at: Reading): void {
  for (const { value, place } of vary?.claims ?? []) {
    if (scope === 'public')
      at.report('bad-value', '`scope: public` fetches without a session; use `scope: user`', place);
    else if (!ignored.includes(value)) {
      const why = `\`${value}\` is not in \`identity.flask_session.ignore_claims\`, so copies vary by it already`;
      at.report('bad-value', why, place);
    }
  }
}

/** CONTRACT §2.2: a public fill is sent without credentials, so nothing may depend on them. */
function checkPublic({ type, routes, name }: TypeUse, credentials: readonly string[], at: Reading): void {
  for (const { value, place } of type.value.vary?.cookies ?? []) {
    if (credentials.includes(value)) {
      at.report(
        'bad-value',
        `\`${value}\` is a credential, and \`scope: public\` fetches without credentials; use \`scope: user\``,
        place,
      );
    }
  }
  const own = routes.filter((route) => route.type.value === name).flatMap(({ tags }) => tags);
  for (const { value, place } of [...type.value.tags, ...own]) {
    if (value.parts.some(({ kind }) => kind === 'user')) {
      at.warn(
        'user-tag-on-public',
        '{user} names nobody on a public route: all clients share its responses',
        place,
      );
    }
  }
}

function warnOfBounds({ value: type, place }: Placed<TypeDraft>, ttl: TtlConfig, at: Reading): void {
  if (type.ttl === undefined) return;
  if (type.min === undefined && type.max === undefined && type.ttl < ttl.min) {
    const [own, bound] = [showDuration(type.ttl), showDuration(ttl.min)];
    at.warn(
      'ttl-outside-bounds',
      `\`ttl\` of ${own} is raised to \`ttl.min\` (${bound}); give the content type its own \`min\``,
      place,
    );
  }
  if (type.max === undefined && type.min === undefined && type.ttl > ttl.max) {
    const [own, bound] = [showDuration(type.ttl), showDuration(ttl.max)];
    at.warn(
      'ttl-outside-bounds',
      `\`ttl\` of ${own} is cut to \`ttl.max\` (${bound}); give the content type its own \`max\``,
      place,
    );
  }
}

function warnOfRoute({ match, type }: RouteDraft, types: TypeDrafts, at: Reading): void {
  if (
    type.value === 'pass' ||
    type.value === 'standard' ||
    !(types.has(type.value) || guideTtl.has(type.value))
  )
    return;
  for (const { value, place } of match) {
    if (value.methods.some((method) => method === 'GET' || method === 'HEAD')) continue;
    at.warn(
      'method-never-stored',
      `responses to ${value.method} are never stored; use \`type: pass\``,
      place,
    );
  }
}

/** A write's tags are made for the pattern that matched, so it is enough if one pattern has the parameter. */
function checkWriteTags({ match, invalidate }: WriteDraft, at: Reading): void {
  for (const tag of invalidate) {
    for (const name of pathParametersOf(tag.value)) {
      const [first] = match;
      if (first === undefined || match.some(({ value }) => value.parameters.includes(name))) continue;
      refusePlaceholder({ tag, name }, first.value, at);
    }
  }
}
