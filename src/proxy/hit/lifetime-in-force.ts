/** Gives what was stored by another rule, or comes from Redis, the lifetime of the rule in force. */

import { policyByRule, type StoredForRule } from '../../policy/lifetime/stored-lifetime.ts';
import type { Entry, EntryHead, LifetimeInForce } from '../../store/store.ts';
import type { Site } from '../exchange/exchange.ts';
import { plainForm } from './stored-form.ts';

type Lifetimes = Pick<Site, 'config' | 'lifetimes'>;

/** The lifetimes of a site. */
export const lifetimeInForce =
  (site: Lifetimes): LifetimeInForce =>
  (entry) =>
    inForce(site, entry, { bodyBytes: plainBytes(entry), body: () => plainForm(entry).body });

/** What an operator is shown of an entry whose body is elsewhere. */
export const headInForce = (site: Lifetimes, head: EntryHead): EntryHead =>
  inForce(site, head, { bodyBytes: head.bodyBytes, body: () => undefined });

function inForce<Head extends Omit<Entry, 'body'>>(
  { config: { ttl, contentTypes }, lifetimes }: Lifetimes,
  entry: Head,
  body: Pick<StoredForRule, 'bodyBytes' | 'body'>,
): Head {
  const contentType = contentTypes.get(entry.contentType);
  const rule = lifetimes.get(entry.contentType);
  const { basis } = entry;
  if (contentType === undefined || rule === undefined || basis.rule === rule) return entry;
  const policy = policyByRule({ ...entry, ...body }, { ttl, contentType });
  return { ...entry, policy, basis: { ...basis, rule } };
}

/** RFC 1952 §2.3.1: a gzip member ends in the size of what went in, modulo 2^32. */
const plainBytes = ({ body, coding }: Entry): number =>
  coding === undefined ? body.length : body.readUInt32LE(body.length - 4);
