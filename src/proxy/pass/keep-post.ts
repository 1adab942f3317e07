/**
 * A POST's answer that is what a GET of the same target would get (RFC 9110 §9.3.3: explicit freshness and a
 * Content-Location of its own) serves later GETs. On `standard` only.
 */

import { combinedValue } from '../../http/fields.ts';
import type { Fields } from '../../http/message.ts';
import type { EpochMs } from '../../kit/time.ts';
import { isInShare } from '../../policy/rules/share.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { finishedEntry } from '../fetch/fill-decisions.ts';
import { keptBodyFor } from '../fetch/kept-body.ts';
import { keyedExchange } from '../exchange/keyed-exchange.ts';
import { judge } from '../fetch/conclude.ts';
import { termsOf } from '../fetch/storage-terms.ts';
import { headTimes, planStorage } from '../fetch/storing.ts';

/** `finish`, to be called once, stores what is whole. */
export type PostKeeper = {
  readonly add: (chunk: Buffer) => void;
  readonly finish: (isWhole: boolean) => void;
};

/** To be called when what the request made stale has been ended: the answer is newer. */
export async function keeperOf(
  exchange: Exchange,
  answer: { readonly status: number; readonly fields: Fields; readonly requestTime: EpochMs },
): Promise<PostKeeper | undefined> {
  const { request, site, now, services } = exchange;
  if (request.method !== 'POST' || combinedValue(answer.fields, 'content-location') === undefined)
    return undefined;
  const match = site.rules.match('GET', request.path, request);
  const identity = await site.identify(request, now);
  if (match.contentType.kind !== 'standard' || identity.kind === 'doubt') return undefined;
  if (site.isShadowed(match)) return undefined;
  const keyed = keyedExchange({ ...exchange, match }, identity);
  if (!isInShare(site.shareOf(match), keyed)) return undefined;
  const head = { ...answer, ...headTimes(services.clock, answer.requestTime) };
  const terms = termsOf(keyed);
  const plan = planStorage(terms, head);
  if (plan.kind === 'no') return undefined;
  const asOf = services.purgeLog.position();
  const limit = site.config.store.maxObjectBytes;
  const body = keptBodyFor(services.bodyRoom, { limit, fields: answer.fields });
  let fits = true;
  return {
    add: (chunk) => {
      fits = fits && body.add(chunk, { isTaken: true, isForOne: true }) === 'kept';
    },
    finish: (isWhole) => {
      const isKept = isWhole && fits;
      const variants = services.store.peek(keyed.plan.key);
      const input = { head, plan, asOf, now: services.clock.now(), variants };
      const made = isKept ? finishedEntry(terms, { ...input, body: body.whole() }) : undefined;
      body.free(keyed.reply);
      if (made?.kind !== 'entry') return;
      const { entry } = made;
      void judge(keyed, entry, (objection) => {
        if (objection === undefined) services.store.put(entry);
      });
    },
  };
}
