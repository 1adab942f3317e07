/**
 * Fetches something before a client asks for it: looks it up and, if needed, fetches it when the governor allows.
 *
 * Promise: a stored response that is current and fresh enough is not fetched. One that a purge ended is fetched, not
 * validated.
 */

import { backgroundExchange, type BackgroundRefusal, type BackgroundRequest } from './background-exchange.ts';
import { asksInVain } from '../origin/trouble.ts';
import type { CacheExchange, Services } from '../proxy/exchange/exchange.ts';
import { fetchInBackground } from '../proxy/fetch/fetch.ts';
import type { FillEnd } from '../proxy/fetch/fill-input.ts';
import { chooseVariant, type Lookup } from '../proxy/hit/lookup.ts';
import type { NotStoredReason } from '../proxy/exchange/outcome.ts';
import type { Entry } from '../store/store.ts';
import type { Governor } from './governor.ts';

/** `services` are those of the request path; they are not used before the first request. */
export type Asking = { readonly services: () => Services; readonly governor: Governor };

export type AskOptions = {
  readonly worth: number;
  /** Whether a current, fresh entry is good enough. */
  readonly isYoung: (entry: Entry) => boolean;
  /** The key it must have; another key would be something nobody asked for. */
  readonly key?: string | undefined;
  /** Checked again when its turn comes. */
  readonly isAllowed?: (() => boolean) | undefined;
};

/** `refused`: it cannot be fetched in the background, or the answer must not be stored. */
export type AskEnd =
  | { readonly kind: 'fetched'; readonly entry: Entry }
  | { readonly kind: 'fresh' | 'dropped' | 'error' }
  | {
      readonly kind: 'refused';
      readonly reason: BackgroundRefusal | NotStoredReason | 'other-key';
      readonly status: number | undefined;
    }
  | { readonly kind: 'failed'; readonly status: number | undefined };

/** Fetches if needed. Never rejects. */
export async function askAhead(
  { services: servicesNow, governor }: Asking,
  asked: BackgroundRequest,
  options: AskOptions,
): Promise<AskEnd> {
  const services = servicesNow();
  // A token whose issuer's keys cannot be fetched identifies nobody.
  const made = await backgroundExchange(services, asked).catch(() => notTold);
  if (made.kind === 'refused') return { kind: 'refused', reason: made.reason, status: undefined };
  const { exchange } = made;
  const { key } = exchange.plan;
  if (options.key !== undefined && options.key !== key) {
    return { kind: 'refused', reason: 'other-key', status: undefined };
  }
  if (services.store.hasSlowTier) await services.store.get(key, services.clock.monotonicMs());
  const mayDo = (found: Lookup): boolean =>
    found.kind === 'entry' && found.reuse.kind === 'fresh' && options.isYoung(found.entry);
  if (mayDo(lookUp(exchange))) return { kind: 'fresh' };
  const ended = await governor.submit({
    name: key,
    worth: options.worth,
    isWanted: () =>
      services.site().generation === exchange.site.generation &&
      options.isAllowed?.() !== false &&
      !mayDo(lookUp(exchange)),
    run: () => {
      const found = lookUp(exchange);
      return fetchInBackground(exchange, found.kind === 'entry' ? found.entry : undefined);
    },
  });
  if (ended.kind === 'done') return meaningOf(ended.end);
  return { kind: ended.kind === 'needless' ? 'fresh' : ended.kind };
}

const notTold = { kind: 'refused', reason: 'identity' } as const;

function lookUp({ request, plan, directives, services }: CacheExchange): Lookup {
  const now = services.clock.now();
  return chooseVariant(services.store.peek(plan.key), {
    request,
    plan,
    directives,
    now,
    purgeLog: services.purgeLog,
  });
}

function meaningOf(end: FillEnd): AskEnd {
  const { status, entry, notStored } = end;
  if (entry !== undefined) return { kind: 'fetched', entry };
  if (asksInVain(end)) return { kind: 'failed', status };
  return { kind: 'refused', reason: notStored ?? 'not-asked', status };
}
