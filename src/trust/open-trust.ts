/** Builds everything of this room once: shadow mode, the audit, and what they show. */

import type { Config } from '../config/config.ts';
import type { Clock } from '../kit/time.ts';
import type { Audit, Shadow } from '../proxy/exchange/exchange.ts';
import type { Outcome } from '../proxy/exchange/outcome.ts';
import type { Governor } from '../refresh/governor.ts';
import { AskAgain } from './ask-again.ts';
import { HitAudit, type HitAuditOptions } from './audit.ts';
import { type AuditReport, auditReport } from './audit-report.ts';
import { NoiseBook } from './noise-book.ts';
import { ShadowPipeline } from './shadow.ts';
import { type ShadowReport, shadowReport } from './shadow-report.ts';
import { WritesSeen } from './writes-seen.ts';

export type OpenTrustOptions = {
  readonly clock: Clock;
  readonly config: () => Config;
  readonly governor: Pick<Governor, 'submit'>;
  readonly counting: { readonly counters: { readonly onAudited: HitAuditOptions['onJudged'] } };
};

export type OpenTrust = {
  /** What the request path calls. */
  readonly beside: { readonly shadow: Shadow; readonly audit: Audit };
  readonly onOutcome: (outcome: Outcome) => void;
  readonly shadowReport: () => ShadowReport;
  readonly auditReport: () => AuditReport;
};

/** Opens the room. */
export function openTrust({ clock, config, governor, counting: { counters } }: OpenTrustOptions): OpenTrust {
  const room = { bytes: 0 };
  const noise = new NoiseBook();
  const writes = new WritesSeen();
  const askAgain = new AskAgain({ governor, room });
  const shadow = new ShadowPipeline({ clock, askAgain, noise, writes, room });
  const audit = new HitAudit({
    ...{ clock, askAgain, noise, writes },
    dice: Math.random,
    onJudged: counters.onAudited,
  });
  return {
    beside: { shadow: shadow.beside, audit },
    onOutcome: (outcome) => {
      shadow.onOutcome(outcome);
    },
    auditReport: () =>
      auditReport(config().audit?.sample ?? 0, { ledger: audit.ledger, noise: noise.all(clock.now()) }),
    shadowReport: () =>
      shadowReport({
        mode: config().mode,
        ledger: shadow.trial?.ledger,
        noise: noise.all(clock.now()),
        size: shadow.trial?.stored.size() ?? { entries: 0, bytes: 0, sampledBytes: 0 },
      }),
  };
}
