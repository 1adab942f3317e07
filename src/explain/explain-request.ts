/** The steps of an explanation about the request: its target, its identity, and what it makes stale. */

import { reloadAsked } from '../policy/key/reload-asked.ts';
import type { RequestDirectives } from '../http/cache-control.ts';
import { readingsOf } from '../http/path-readings.ts';
import { targetText } from '../http/path-spelling.ts';
import { acceptClass } from '../policy/key/cache-key.ts';
import { type Identity, shortPartition } from '../policy/identity/identity.ts';
import type { Match } from '../policy/rules/safest-match.ts';
import type { Purge } from '../store/purge-log.ts';
import type { ClientRequest } from '../proxy/exchange/client-request.ts';
import type { DecidedWrite } from './decided-writes.ts';
import type { DryRun } from './dry-run.ts';
import type { CacheExchange } from '../proxy/exchange/exchange.ts';
import type { Outcome, PassReason } from '../proxy/exchange/outcome.ts';

/** One decision: a sentence for people and facts for programs. */
export type ExplainStep = {
  readonly step:
    | 'target'
    | 'route'
    | 'content type'
    | 'identity'
    | 'pass'
    | 'request directives'
    | 'key'
    | 'stored entry'
    | 'answer'
    | 'origin'
    | 'storing'
    | 'ttl'
    | 'tags'
    | 'makes stale';
  readonly text: string;
  readonly facts: Readonly<Record<string, unknown>>;
};

/** The target in its canonical spelling. */
export function targetStep(given: string, { path, query, host, scheme }: ClientRequest): ExplainStep {
  const target = targetText(path, query);
  const asGiven = given.endsWith(target) ? undefined : given;
  const [, ...readings] = readingsOf(path).paths;
  const also = readings.length === 0 ? '' : `; origins may read it as ${readings.join(' or ')}`;
  const text = `${target} at ${scheme}://${host}${asGiven === undefined ? '' : ` (given as ${given})`}${also}`;
  const facts = {
    target,
    host,
    scheme,
    given: asGiven,
    readings: readings.length === 0 ? undefined : readings,
  };
  return { step: 'target', text, facts };
}

/** The route, and the write rules that the request comes under. */
export function routeStep({ route, params }: Match, writes: readonly DecidedWrite[]): ExplainStep {
  const named = Object.entries(params).map(([name, value]) => `${name}=${value}`);
  const found =
    route === undefined
      ? 'no route matches'
      : `${route.methods[0] ?? ''} ${route.pattern}, line ${route.line}${named.length === 0 ? '' : ` (${named.join(', ')})`}`;
  const rules = new Map(writes.map((write) => [write.rule.name, write]));
  const text = [found, ...[...rules.values()].map(writeText)].join('; ');
  const write = [...rules.values()].map(({ rule: { name }, decision, because }) => ({
    name,
    decision,
    because,
  }));
  return {
    step: 'route',
    text,
    facts: {
      method: route?.methods[0],
      pattern: route?.pattern,
      line: route?.line,
      params,
      write: write.length === 0 ? undefined : write,
    },
  };
}

function writeText({ rule: { name }, decision, because }: DecidedWrite): string {
  const why = because === undefined ? '' : ` (${because})`;
  switch (decision) {
    case 'holds':
      return `a write: ${name}`;
    case 'fails':
      return `not ${name}${why}`;
    case 'unknown':
      return `perhaps ${name}, so it counts${why}`;
    default:
      return decision satisfies never;
  }
}

/** The content type. */
export function contentTypeStep({ contentType, route }: Match): ExplainStep {
  const { kind, name, scope, cacheControl } = contentType;
  const how =
    kind === 'rule'
      ? `${name}: scope ${scope}, cache_control ${cacheControl}`
      : `${name}: ${kind === 'standard' ? "HTTP's own rules (RFC 9111)" : 'never looked up, never stored'}`;
  const unmatched = route === undefined;
  const facts =
    kind === 'rule'
      ? { name, kind, unmatched, scope, cache_control: cacheControl }
      : { name, kind, unmatched };
  return { step: 'content type', text: unmatched ? `${how} (from unmatched)` : how, facts };
}

/** The identity, hashed. */
export function identityStep(identity: Identity): ExplainStep {
  switch (identity.kind) {
    case 'anonymous':
      return { step: 'identity', text: 'anonymous: no credentials', facts: { class: 'anonymous' } };
    case 'doubt':
      return {
        step: 'identity',
        text: `in doubt: ${identity.reason}`,
        facts: { class: 'doubt', reason: identity.reason },
      };
    case 'known': {
      const partition = shortPartition(identity.partition);
      const isVerified = identity.claims !== undefined;
      const by = isVerified ? 'by a verified session' : 'by its complete credentials';
      const ignored = [...identity.ignored.keys()];
      const without = ignored.length === 0 ? '' : `, whatever its ${ignored.join(' and ')}`;
      return {
        step: 'identity',
        text: `known ${by}${without}: ${partition}`,
        facts: { class: 'known', verified: isVerified, partition, ...(without === '' ? {} : { ignored }) },
      };
    }
    default:
      return identity satisfies never;
  }
}

const passTexts: Readonly<Record<PassReason, string>> = {
  rule: 'its route has type pass',
  unmatched: 'no route matches, and unmatched is pass',
  method: 'only GET and HEAD are looked up',
  'write-rule': 'it is listed as a write',
  'ambiguous-path': 'origins may read its path in several ways, and the rules for them differ',
  'request-body': 'it has a body',
  'method-override': 'it overrides its method',
  precondition: 'its precondition is about the state of the origin (RFC 9111 §4.3.2)',
  upgrade: 'it asks for a WebSocket',
  identity: 'its identity cannot be established safely',
  'acme-challenge': 'a certificate authority asks for it over plain HTTP',
  quarantine: 'its route is public, and gave two people different pages: see `shelflife quarantine`',
  shadow:
    'it is in shadow, or who asks is not in the share that is cached: see `shelflife shadow` and `rollout`',
};

/** Why the request is passed, if it is. */
export function passStep({ pass, doubt }: Outcome): ExplainStep | undefined {
  if (pass === undefined) return undefined;
  const detail = doubt === undefined ? '' : `: ${doubt}`;
  return { step: 'pass', text: `passed, ${passTexts[pass]}${detail}`, facts: { reason: pass, doubt } };
}

/** The client's cache directives (RFC 9111 §5.2.1). */
export function directivesStep(exchange: CacheExchange | undefined): ExplainStep | undefined {
  if (exchange === undefined) return undefined;
  type Given = readonly [name: string, value: string | number | boolean | undefined];
  const given: Given[] = Object.entries(exchange.directives satisfies RequestDirectives);
  const asked = reloadAsked(exchange.request.query, exchange.match.contentType.query);
  if (asked.kind === 'reload') given.push(['parameter', asked.sent]);
  const all = given.filter(([, value]) => value !== undefined && value !== false);
  if (all.length === 0) return undefined;
  const text = all.map(([name, value]) => (value === true ? name : `${name}=${value}`)).join(', ');
  return { step: 'request directives', text, facts: Object.fromEntries(all) };
}

/** The parts of the key. */
export function keyStep(exchange: CacheExchange | undefined): ExplainStep | undefined {
  if (exchange === undefined) return undefined;
  const { plan, match, request, host, target } = exchange;
  const { contentType } = match;
  const parts: [string, string][] = [
    ['scheme', request.scheme],
    ['host', host],
    ['target', target],
    ['partition', shortPartition(plan.partition)],
  ];
  if (contentType.kind === 'rule') {
    const { cookies, headers, claims = [] } = contentType.vary;
    parts.push(['type', contentType.name], ['scope', contentType.scope]);
    if (!headers.includes('accept')) parts.push(['accept', acceptClass(request.known.accept)]);
    if (cookies.length > 0) parts.push(['cookies', cookies.join(' ')]);
    if (headers.length > 0) parts.push(['headers', headers.join(' ')]);
    if (claims.length > 0) parts.push(['claims', claims.join(' ')]);
  }
  if (plan.keyedAs !== undefined && plan.keyedAs !== target) parts.push(['as', plan.keyedAs]);
  const digest = plan.key.slice(0, 16);
  const text = `${digest}… of ${parts.map(([name, value]) => `${name} ${value}`).join(', ')}`;
  return { step: 'key', text, facts: { digest, ...Object.fromEntries(parts) } };
}

/** The answer the client would get now. */
export function answerStep({ outcome, cacheStatus: shown }: DryRun): ExplainStep {
  const { kind, status, miss, purgedBy } = outcome;
  const cause =
    miss === undefined ? '' : `; a miss: ${miss}${purgedBy === undefined ? '' : ` by ${purgedBy}`}`;
  return {
    step: 'answer',
    text: `${status}, Cache-Status: ${shown ?? 'none'}${cause}`,
    facts: { kind, status, cache_status: shown, miss, purged_by: purgedBy },
  };
}

/** What the origin is sent. `isBehind`: in the background of a stored answer. `otherwise`: if nothing were stored. */
export function originStep(
  sent: DryRun['sent'],
  { isBehind, otherwise }: { isBehind: boolean; otherwise: DryRun['sent'] },
): ExplainStep {
  const facts = { asked: sent !== undefined && !isBehind, ...askedFacts(sent ?? otherwise) };
  if (sent !== undefined) {
    const text = `${isBehind ? 'asked in the background: ' : ''}${askedText(sent)}`;
    return { step: 'origin', text, facts: { ...facts, renewed: isBehind } };
  }
  const text =
    otherwise === undefined ? 'not asked' : `not asked; without the store: ${askedText(otherwise)}`;
  return { step: 'origin', text, facts };
}

type Sent = NonNullable<DryRun['sent']>;
const namesOf = ({ fields }: Sent): string[] => [...new Set(fields.filter((_, index) => index % 2 === 0))];
const askedText = (sent: Sent): string => `${sent.method} ${sent.target} with ${namesOf(sent).join(', ')}`;
const askedFacts = (sent: DryRun['sent']): Record<string, unknown> =>
  sent === undefined ? {} : { method: sent.method, target: sent.target, fields: namesOf(sent) };

/** What the write makes stale before it is answered. */
export function writeStep(purges: readonly Purge[]): ExplainStep | undefined {
  const tags = purges.flatMap((purge) => purge.tags);
  if (tags.length === 0) return undefined;
  return {
    step: 'makes stale',
    text: tags.join(', '),
    facts: { tags, causes: purges.map(({ cause }) => cause) },
  };
}
