/** Whether a write ended a copy in vain: is the origin's answer, when it is asked for again, what was stored? */

import { crc32 } from 'node:zlib';
import { etagText, parseEntityTag, weaklyEqual } from '../../http/entity-tags.ts';
import type { Fields } from '../../http/message.ts';
import type { Entry } from '../../store/store.ts';
import { endedCopy } from '../exchange/ended-copy.ts';
import type { Services } from '../exchange/exchange.ts';

/** Of an exchange with a key. */
type Asked = {
  readonly services: Pick<Services, 'endings' | 'store' | 'purgeLog'>;
  readonly plan: Pick<Entry, 'key'>;
};

/** Tells what became of the copy that an entry takes the place of; to be called before it is stored. */
export function tellRenewed(exchange: Asked, fresh: Entry): void {
  tell(
    exchange,
    ({ variant }) => variant === fresh.variant,
    (stored) => isSameAnswer(stored, fresh),
  );
}

/** The same where the client's own condition was answered with a 304: nothing is stored. */
export function tellNotModified(exchange: Asked, fields: Fields): void {
  const tag = etagText(fields);
  if (tag === undefined) return;
  const isIt = (stored: Entry): boolean => {
    const had = etagText(stored.fields);
    return had !== undefined && weaklyEqual(parseEntityTag(had), parseEntityTag(tag));
  };
  tell(exchange, isIt, () => true);
}

function tell(
  { services, plan }: Asked,
  isIt: (stored: Entry) => boolean,
  isSame: (stored: Entry) => boolean,
): void {
  const { endings, store, purgeLog } = services;
  if (endings === undefined) return;
  const stored = store.peek(plan.key).find(isIt);
  const copy = stored && endedCopy(stored, purgeLog.verdict(stored));
  if (stored !== undefined && copy !== undefined) endings.onRenewed(copy, isSame(stored));
}

function isSameAnswer(stored: Entry, fresh: Entry): boolean {
  if (stored.status !== fresh.status || stored.part !== undefined || fresh.part !== undefined) return false;
  const { body } = stored;
  if (stored.coding === undefined) return body.equals(fresh.body);
  // RFC 1952 §2.3.1: a gzip member ends in the checksum and the size of what went in.
  const isSameSize = body.readUInt32LE(body.length - 4) === fresh.body.length;
  return isSameSize && body.readUInt32LE(body.length - 8) === crc32(fresh.body);
}
