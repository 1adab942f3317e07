/**
 * `Shelflife-Debug`: the summary of an explanation, on the answer to a request that came with a control token in the field of
 * the same name.
 *
 * Promises: the answer is otherwise the same, for a wrong token entirely; the field is never stored, here or by a cache on the
 * way to the client.
 */

import { bareItem, cacheName } from '../../http/cache-status.ts';
import { hasField, withoutFields } from '../../http/fields.ts';
import type { Fields } from '../../http/message.ts';
import { DebugNotes } from './debug-notes.ts';
import type { Exchange } from './exchange.ts';
import type { FinishFields } from './reply.ts';
import { descriptionOf, ownStatus, timed } from './server-timing.ts';

/** The exchange, with notes if its client may have the header. */
export function withNotes(exchange: Exchange): Exchange {
  const { services, site, request } = exchange;
  const token = request.known['shelflife-debug'];
  if (token === undefined || !site.config.debug.header) return exchange;
  return services.mayDebug?.(token) === true ? { ...exchange, notes: new DebugNotes() } : exchange;
}

/** What has the last word on the fields of the answer; `undefined`: they are sent as they are. */
export function finishOf(exchange: Exchange): FinishFields | undefined {
  const { site, notes } = exchange;
  const finish = site.config.debug.serverTiming ? timed(exchange) : site.finish;
  return notes === undefined ? finish : described(exchange, notes, finish);
}

const replaced: ReadonlySet<string> = new Set(['shelflife-debug', 'x-accel-expires']);

const described =
  ({ match }: Exchange, notes: DebugNotes, finish: FinishFields | undefined): FinishFields =>
  (fields) => {
    const { contentType, route } = match;
    const facts: readonly Fact[] = [
      ...decisionOf(fields),
      ['type', bareItem(contentType.name)],
      ['route', route && bareItem(`${route.methods[0] ?? ''} ${route.pattern}`)],
      ...notes.facts,
    ];
    const told = facts.map(([name, value]) => (value === undefined ? '' : `; ${name}=${value}`));
    const sent = finish?.(fields) ?? fields;
    const value = `${cacheName}${told.join('')}`;
    return [...withoutFields(sent, replaced), ...unstored(sent), 'Shelflife-Debug', value];
  };

type Fact = DebugNotes['facts'][number];

const decisions = { hit: 'hit', pass: 'passed', miss: 'forwarded' } as const;

/** In the words of an explanation. */
function decisionOf(fields: Fields): readonly Fact[] {
  const decision = decisions[descriptionOf(fields)];
  const reason = /; detail=([a-z-]+)/.exec(ownStatus(fields))?.[1];
  return [
    ['decision', decision],
    ['reason', reason ?? (decision === 'passed' ? 'method' : undefined)],
  ];
}

/**
 * RFC 9111 §5.2.2.7: shared caches "MUST NOT" store the fields that `private` names. Those that obey a field of their own
 * (RFC 9213 §2.2, nginx) would not look there, and store nothing.
 */
const unstored = (fields: Fields): readonly string[] =>
  [...new Set(fields.filter((name, index) => index % 2 === 0 && isTargeted.test(name)))]
    .flatMap((name) => [name, 'no-store'])
    .concat(hasField(fields, 'x-accel-expires') ? ['X-Accel-Expires', '0'] : [], [
      'Cache-Control',
      'private="Shelflife-Debug"',
    ]);

const isTargeted = /.-cache-control$|^surrogate-control$/i;
