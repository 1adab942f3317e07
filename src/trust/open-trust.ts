/** Builds everything of this room once: shadow mode, and what it shows. */

import type { Config } from '../config/config.ts';
import type { Clock } from '../kit/time.ts';
import type { Shadow } from '../proxy/exchange/exchange.ts';
import type { Outcome } from '../proxy/exchange/outcome.ts';
import type { Governor } from '../refresh/governor.ts';
import { AskAgain } from './ask-again.ts';
import { NoiseBook } from './noise-book.ts';
import { ShadowPipeline } from './shadow.ts';
import { type ShadowReport, shadowReport } from './shadow-report.ts';
import { WritesSeen } from './writes-seen.ts';

export type OpenTrustOptions = {
  readonly clock: Clock;
  readonly config: () => Config;
  readonly governor: Pick<Governor, 'submit'>;
};

export type OpenTrust = {
  readonly shadow: Shadow;
  readonly onOutcome: (outcome: Outcome) => void;
  readonly shadowReport: () => ShadowReport;
};

/** Opens the room. */
export function openTrust({ clock, config, governor }: OpenTrustOptions): OpenTrust {
  const room = { bytes: 0 };
  const noise = new NoiseBook();
  const writes = new WritesSeen();
  const askAgain = new AskAgain({ governor, room });
  const shadow = new ShadowPipeline({ clock, askAgain, noise, writes, room });
  return {
    shadow: shadow.beside,
    onOutcome: (outcome) => {
      shadow.onOutcome(outcome);
    },
    shadowReport: () =>
      shadowReport({
        mode: config().mode,
        ledger: shadow.trial?.ledger,
        noise: noise.all(clock.now()),
        size: shadow.trial?.stored.size() ?? { entries: 0, bytes: 0, sampledBytes: 0 },
      }),
  };
}
