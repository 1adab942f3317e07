/** Opens the traces of a proxy; OpenTelemetry is loaded only if the configuration asks for them. */

import type { TracesConfig } from '../../config/config.ts';
import { TokenBucket } from '../../kit/token-bucket.ts';
import { type Clock, type EpochMs, wallTime } from '../../kit/time.ts';
import type { Outcome } from '../../proxy/exchange/outcome.ts';
import { createTraces, type Traces } from '../../proxy/exchange/trace.ts';
import type { OnAppended } from '../../store/purge-log.ts';

export type OpenTraces = {
  /** Absent: nothing is traced. */
  readonly traces: Traces | undefined;
  readonly onOutcome: (outcome: Outcome) => void;
  readonly onAppended: OnAppended;
  readonly close: () => Promise<void>;
};

const ignore = (): void => undefined;

/** Opens them. */
export async function openTraces(
  config: TracesConfig | undefined,
  clock: Clock,
  dice: () => number,
): Promise<OpenTraces> {
  if (config === undefined)
    return { traces: undefined, onOutcome: ignore, onAppended: ignore, close: () => Promise.resolve() };
  const { openSpanExport } = await import('./export-spans.ts');
  const spans = openSpanExport(config);
  const now = (): EpochMs => wallTime(clock, clock.now());
  const { sample, perSecond } = config;
  const bucket = new TokenBucket({ perSecond, leastPerSecond: perSecond, burst: perSecond });
  const mayBegin = (): boolean => dice() < sample && bucket.take(clock.monotonicMs());
  return {
    traces: createTraces(mayBegin),
    onOutcome: (outcome) => {
      const { trace } = outcome;
      if (trace?.isSampled === true) spans.onTraced(trace, outcome, now());
    },
    onAppended: (purge, receipt) => {
      if (!mayBegin()) return;
      const from = now();
      const tell = (): void => {
        spans.onPurge(purge, { from, to: now() });
      };
      receipt.then(tell, tell);
    },
    close: spans.close,
  };
}
