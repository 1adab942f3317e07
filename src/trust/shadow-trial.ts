/** What one configuration would have done: where a second run of the pipeline stores, and what was counted of it. */

import { BoundedMap } from '../kit/bounded-map.ts';
import { SingleFlight } from '../kit/single-flight.ts';
import type { EpochMs } from '../kit/time.ts';
import type { Origin } from '../origin/origin.ts';
import { createPopularity } from '../policy/lifetime/popularity.ts';
import { withoutCopies } from '../policy/rules/entry-tags.ts';
import { everybody } from '../policy/rules/share.ts';
import type { Services, Site } from '../proxy/exchange/exchange.ts';
import { openBodies } from '../proxy/fetch/open-bodies.ts';
import { KeySample } from './key-sample.ts';
import type { Ledger } from './ledger.ts';
import type { RecordedAnswer } from './recorded-answer.ts';
import { RememberedLooks } from './remembered-looks.ts';
import { WouldBeStore } from './would-be-store.ts';

/** What one configuration would have done. */
export type Trial = {
  readonly site: Site;
  readonly ledger: Ledger;
  readonly sample: KeySample;
  readonly remembered: RememberedLooks;
  readonly stored: WouldBeStore;
  readonly services: Omit<Services, 'origin' | 'onOutcome' | 'purgeLog' | 'clock'>;
  /** When each copy was last seen to be right. */
  readonly rightAt: BoundedMap<string, EpochMs>;
};

const mostKeys = 20_000;

/** Begins one. */
export function newTrial(site: Site, ledger: Ledger): Trial {
  const evicted = new BoundedMap<string, true>(mostKeys);
  const sample = new KeySample();
  const stored = new WouldBeStore({
    maxBytes: site.config.store.memoryBytes,
    weightOf: (key) => sample.weightOf(key),
    onEvict: (key) => {
      evicted.set(key, true);
    },
  });
  const inFull: Site = { ...site, isShadowed: () => false, shareOf: () => everybody };
  return {
    site: inFull,
    ...{ ledger, sample, stored },
    remembered: new RememberedLooks(),
    rightAt: new BoundedMap(mostKeys),
    services: {
      site: () => inFull,
      store: stored.store,
      ...openBodies(stored.store),
      compressor: { compress: () => Promise.resolve(undefined) },
      codedBodies: { isWhole: () => true },
      flights: new SingleFlight({ maxFlights: 10_000, maxWaiters: 10_000 }),
      uncacheable: new BoundedMap(mostKeys),
      evicted,
      popularity: createPopularity(site.config.ttl.popular),
      learnSession: () => undefined,
    },
  };
}

/** Purges are the client's own exchange's: it has made them already. That of its reload is not for the answer it brings. */
export const readOnly = (log: Services['purgeLog'], isReload: boolean): Services['purgeLog'] => ({
  position: () => log.position(),
  verdict: (subject) => log.verdict(isReload ? { ...subject, tags: withoutCopies(subject.tags) } : subject),
  positionAt: (at) => log.positionAt(at),
  meets: (purge) => log.meets(purge),
  append: () => Promise.resolve({ instances: { known: 0, acknowledged: 0 } }),
});

/** The breaker is looked at, and never its probe. */
export const playing = ({ health }: Origin, recording: RecordedAnswer): Origin => ({
  send: (asked, receiver) => recording.play(asked, receiver),
  forward: () => {
    throw new Error('a shadowed request must not reach the network twice');
  },
  health: {
    isClosed: health.isClosed,
    trouble: health.trouble,
    pauseMs: (nowMs) => health.pauseMs(nowMs),
    admit: () => ({ kind: health.isClosed ? 'free' : 'held' }),
    giveUp: () => false,
    heard: () => undefined,
  },
  close: () => Promise.resolve(),
});
