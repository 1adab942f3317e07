/**
 * Reading along: a client that waits gets what is there of a body, and the rest as it comes: only what it might have had
 * from the store, and nothing of the client the fetch was begun for.
 */

import { cacheStatusValue, type CacheStatus } from '../../http/cache-status.ts';
import { mustDecode } from '../../http/content-coding.ts';
import { notModifiedFields } from '../../http/validators.ts';
import type { FailureReason } from '../../origin/failure.ts';
import { type CacheExchange, type Follower, tellOutcome, type SharedAnswer } from '../exchange/exchange.ts';
import { forwardReasons, type MissCause, type Outcome } from '../exchange/outcome.ts';
import { chooseVariant } from '../hit/lookup.ts';
import { ClientSide } from './client-side.ts';
import { mayAnswerCondition } from './fill-decisions.ts';

/** Resolves when the client has its answer; `undefined`: this one is not for it. */
export function follow(
  exchange: CacheExchange,
  miss: Pick<Outcome, 'purgedBy'> & { readonly cause: MissCause },
  shared: SharedAnswer,
): Promise<void> | undefined {
  const { services, plan, directives, request } = exchange;
  const { entry } = shared;
  const lookup = { request, plan, directives, now: services.clock.now(), purgeLog: services.purgeLog };
  const found = chooseVariant([entry], lookup);
  if (mustDecode(entry.fields, request.known['accept-encoding'])) return undefined;
  if (found.kind !== 'entry' || found.reuse.kind !== 'fresh') return undefined;
  const cacheStatus: CacheStatus = { kind: 'forward', fwd: forwardReasons[miss.cause], collapsed: true };
  const told = cacheStatusValue(cacheStatus);
  const { age } = found.reuse;
  return new Promise((resolve) => {
    const onOver = (failure: FailureReason | undefined): void => {
      const kind = failure === undefined || failure === 'aborted' ? 'forward' : 'failed';
      const { cause, purgedBy } = miss;
      tellOutcome(exchange, { kind, status: client.status, cacheStatus, miss: cause, purgedBy, failure });
      client.leave();
      resolve();
    };
    const onGone = (): void => {
      shared.leave(follower);
      onOver('aborted');
    };
    const client = new ClientSide(exchange, { onDrain: shared.resume, onGone });
    const follower: Follower = { client, onOver };
    if (mayAnswerCondition(request, entry, false)) {
      client.notModified(notModifiedFields(entry.fields), told);
      onOver(undefined);
      return;
    }
    client.stream(
      { ...entry, fields: [...entry.fields, 'Age', String(Math.floor(age))], reasonPhrase: '' },
      told,
    );
    if (request.method !== 'HEAD') shared.follow(follower);
    else {
      client.end([]);
      onOver(undefined);
    }
  });
}
