/** What a worker knows of shadow mode, rollouts and quarantine from its primary. */

import type { LiveRollout } from '../trust/live-rollout.ts';
import { Quarantine, type Quarantined } from '../trust/quarantine.ts';
import type { Decided, TrustedWorker } from '../trust/trust-share.ts';
import { WritesSeen } from '../trust/writes-seen.ts';
import type { ToPrimaryLink } from './messages.ts';

export type WorkerTrust = TrustedWorker & {
  /** What is decided holds for these percentages from now on. */
  readonly listen: (live: Pick<LiveRollout, 'adopt'>) => TrustedWorker;
  /** In force when it returns. */
  readonly take: (decided: Decided) => void;
};

/** Makes it, with what is decided already. */
export function createWorkerTrust(first: Decided, link: Pick<ToPrimaryLink, 'send'>): WorkerTrust {
  const quarantine = new Quarantine();
  let rollouts: Decided['rollouts'] = new Map();
  let live: Pick<LiveRollout, 'adopt'> | undefined;
  /** What was decided may have been on its way when it was found. */
  const undecided = new Map<string, Quarantined>();
  let decidedRoutes: ReadonlySet<string> = new Set();
  const take: WorkerTrust['take'] = (decided) => {
    decidedRoutes = new Set(decided.quarantined.map(({ route }) => route));
    for (const route of decidedRoutes) undecided.delete(route);
    quarantine.adopt([...decided.quarantined, ...undecided.values()]);
    ({ rollouts } = decided);
    live?.adopt(rollouts);
  };
  take(first);
  const trusted: TrustedWorker = {
    quarantine,
    writes: new WritesSeen((write) => {
      link.send({ kind: 'wrote', write });
    }),
    onFound: (found) => {
      if (!decidedRoutes.has(found.route)) undecided.set(found.route, found);
      link.send({ kind: 'found', found });
    },
  };
  return {
    ...trusted,
    take,
    listen: (of) => {
      live = of;
      live.adopt(rollouts);
      return trusted;
    },
  };
}
