/**
 * A request's line in the formats of others: combined, as nginx and Apache write it, and the Elastic Common Schema.
 *
 * Promise, as for our own: no cookie, key, identity or body, and no value of a parameter whose name suggests a secret.
 */

import { isIP } from 'node:net';
import { combinedValue } from '../../http/fields.ts';
import type { Outcome } from '../../proxy/exchange/outcome.ts';
import { maskTarget } from '../count/mask-target.ts';
import { countsAs, reasonOf } from '../count/miss-reason.ts';

/** `address`: the client's. */
export type Asking = { readonly at: Date; readonly address: string };

/** The line in combined format. The cache's word stands behind it, as in Squid's: `hit`, `miss:cold`, `pass/rule`. */
export function combinedLine(outcome: Outcome, { at, address }: Asking): string {
  const { method, target, status, client } = outcome;
  const request = `${method} ${maskTarget(target)} HTTP/${client?.httpVersion ?? '1.1'}`;
  const [referer, agent] = saidBy(client);
  const bytes = client?.bodyBytes ?? '-';
  return `${address === '' ? '-' : address} - - [${timeText(at)}] ${quoted(request)} ${status} ${bytes} ${quoted(referer)} ${quoted(agent)} ${cacheWord(outcome)}\n`;
}

/** The fields in the Elastic Common Schema; those that are ours alone are below `shelflife`. */
export function ecsFields(
  outcome: Outcome,
  { address }: Asking,
  own: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const { status, client, host, duration, trace, failure, refusal } = outcome;
  const [referrer, original] = saidBy(client);
  const target = maskTarget(outcome.target);
  const [path, ...query] = target.split('?');
  const [, domain = host, port] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
  return {
    event: {
      ...{ kind: 'event', category: ['web'], type: ['access'], dataset: 'shelflife.access' },
      outcome: status < 400 ? 'success' : 'failure',
      duration: Math.round(duration * 1e9),
    },
    http: {
      version: client?.httpVersion,
      request: { method: outcome.method, id: outcome.requestId, referrer },
      response: { status_code: status, body: { bytes: client?.bodyBytes } },
    },
    url: {
      original: target,
      path,
      query: query.length === 0 ? undefined : query.join('?'),
      domain,
      port: port === undefined ? undefined : Number(port),
    },
    client: { address, ip: isIP(address) === 0 ? undefined : address },
    user_agent: original === undefined ? undefined : { original },
    trace: trace?.isSampled === true ? { id: trace.traceId } : undefined,
    error: failure === undefined && refusal === undefined ? undefined : { type: failure ?? refusal },
    shelflife: own,
  };
}

function cacheWord(outcome: Outcome): string {
  const counted = countsAs(outcome);
  return counted === 'miss' ? `miss:${reasonOf(outcome)}` : counted;
}

/** The referer without its secrets, and the user agent. */
function saidBy(client: Outcome['client']): readonly [string | undefined, string | undefined] {
  const fields = client?.fields ?? [];
  const referer = combinedValue(fields, 'referer');
  return [referer && maskTarget(withoutSecrets(referer)), combinedValue(fields, 'user-agent')];
}

/** Without user, password and fragment: browsers leave them out, other clients may not. */
const withoutSecrets = (url: string): string =>
  url.replace(/^([a-z][a-z\d+.-]*:\/\/)[^/?#]*@/i, '$1').replace(/#.*$/s, '');

/** As nginx escapes: nothing in it ends the value or the line. */
function quoted(text: string | undefined): string {
  if (text === undefined) return '"-"';
  const bytes = Buffer.from(text, /[^\x00-\xff]/.test(text) ? 'utf8' : 'latin1').toString('latin1');
  const escape = (byte: string): string =>
    `\\x${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  return `"${bytes.replace(/["\\\x00-\x1f\x7f-\xff]/g, escape)}"`;
}

/** `30/Nov/2026:17:54:29 +0000` */
function timeText(at: Date): string {
  const [, day, month, year, time] = at.toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}
