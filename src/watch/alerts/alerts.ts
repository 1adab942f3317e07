/**
 * Decides which alerts fire and resolve (pure: time and readings are arguments).
 *
 * Rates and latencies are measured over the alert's own `for`: they fire when that span as a whole is bad and has enough
 * requests. States (Redis down, memory, lag, leak) must hold for all of `for`. A firing alert resolves only after its value
 * has been better than the bound by a margin for a while, so that a value wavering at the bound gives one notice, not ten.
 */

import { percent } from '../../kit/figures.ts';
import { wilson } from '../../kit/wilson.ts';
import { isMeasuredOverFor } from '../../config/schema/condition.ts';
import type { Alert, AlertCondition } from '../../config/config.ts';
import { between, type EpochMs, type Seconds, seconds } from '../../kit/time.ts';
import type { Reason } from '../count/miss-reason.ts';

export type WatchedCondition =
  | AlertCondition
  | { readonly kind: 'redis_bytes_above'; readonly bytes: number }
  | { readonly kind: 'quarantined' | 'rolled_back' };

export type WatchedAlert = Omit<Alert, 'when'> & { readonly when: WatchedCondition };

export type Reading = {
  readonly covers: boolean;
  readonly reads: number;
  readonly hitRate: number;
  readonly audited: number;
  readonly auditedStale: number;
  readonly originRequests: number;
  readonly originErrorRate: number;
  readonly originLatency: Seconds;
  readonly redisDown: boolean;
  /** Routes in quarantine. */
  readonly quarantined: readonly string[];
  /** Rollouts that have ended by themselves, with why. */
  readonly rolledBack: readonly string[];
  readonly residentBytes: number;
  readonly redisBytes: number | undefined;
  readonly purgeLag: Seconds;
  readonly leakSuspected: boolean;
  readonly reasons: readonly { readonly reason: Reason; readonly share: number }[];
};

export type AlertState = {
  readonly kind: 'quiet' | 'firing';
  readonly changedAt: EpochMs;
  readonly badSince: EpochMs | undefined;
  readonly clearSince: EpochMs | undefined;
  readonly text: string;
};

/** One notice when an alert fires, one when it resolves. `text` is a sentence, as Slack shows it. */
export type Notice = {
  readonly name: string;
  readonly status: 'firing' | 'resolved';
  readonly at: EpochMs;
  readonly since: EpochMs;
  readonly condition: string;
  readonly text: string;
};

export type Judgement = 'bad' | 'between' | 'clear';

/** The state of an alert that has never fired. */
export const quietSince = (now: EpochMs): AlertState => ({
  kind: 'quiet',
  changedAt: now,
  badSince: undefined,
  clearSince: undefined,
  text: '',
});

/** The state after a reading, and a notice if it changed. */
export function nextState(
  state: AlertState,
  { alert, reading, now }: { alert: WatchedAlert; reading: Reading; now: EpochMs },
): { readonly state: AlertState; readonly notice: Notice | undefined } {
  const judged = judge(alert, reading);
  const badSince = judged === 'bad' ? (state.badSince ?? now) : undefined;
  const clearSince = judged === 'clear' ? (state.clearSince ?? now) : undefined;
  const kept: AlertState = { ...state, badSince, clearSince };
  if (state.kind === 'quiet' && badSince !== undefined && between(badSince, now) >= patienceOf(alert)) {
    const text = firingText(alert, reading);
    const firing: AlertState = { ...kept, kind: 'firing', changedAt: now, text };
    return { state: firing, notice: noticeOf(alert, firing, { status: 'firing', now, since: badSince }) };
  }
  if (state.kind === 'firing' && clearSince !== undefined && between(clearSince, now) >= calmOf(alert)) {
    const text = `${alert.name}: resolved. ${measures[alert.when.kind].text(reading)}`;
    const quiet: AlertState = { ...quietSince(now), text };
    return {
      state: quiet,
      notice: noticeOf(alert, quiet, { status: 'resolved', now, since: state.changedAt }),
    };
  }
  return { state: kept, notice: undefined };
}

function noticeOf(
  { name, when }: WatchedAlert,
  { text }: AlertState,
  { status, now, since }: { status: Notice['status']; now: EpochMs; since: EpochMs },
): Notice {
  return { name, status, at: now, since, condition: describeCondition(when), text };
}

const patienceOf = (alert: WatchedAlert): Seconds => (isMeasuredOverFor(alert.when) ? seconds(0) : alert.for);
const calmOf = (alert: WatchedAlert): Seconds => seconds(Math.min(alert.for, 60));

/** The alert resolves a tenth better than the bound; values in between change nothing. */
const margin = 0.1;

type Measure = {
  readonly value: (reading: Reading) => number | boolean | undefined;
  /** The requests it was measured over; absent for a state. */
  readonly of?: (reading: Reading) => number;
  /** Absent: its value is compared with the bound. */
  readonly isBad?: (reading: Reading) => boolean;
  readonly text: (reading: Reading) => string;
};

const resident: Pick<Measure, 'value' | 'text'> = {
  value: ({ residentBytes }) => residentBytes,
  text: ({ residentBytes }) => `The process has ${mebibytes(residentBytes)} in memory.`,
};

const measures: Readonly<Record<WatchedCondition['kind'], Measure>> = {
  hit_rate_below: {
    value: ({ hitRate }) => hitRate,
    of: ({ reads }) => reads,
    text: ({ hitRate, reads }) => `The hit rate is ${percent(hitRate)} of ${reads} requests.`,
  },
  origin_error_rate_above: {
    value: ({ originErrorRate }) => originErrorRate,
    of: ({ originRequests }) => originRequests,
    text: (reading) =>
      `The origin failed ${percent(reading.originErrorRate)} of ${reading.originRequests} requests.`,
  },
  // Sure to 95 %: a sample is small.
  stale_above: {
    value: ({ audited, auditedStale }) => wilson(auditedStale, audited).low,
    of: ({ audited }) => audited,
    text: ({ audited, auditedStale }) => {
      const { low, high } = wilson(auditedStale, audited);
      return `Of ${audited} audited hits ${auditedStale} were stale (95 %: ${percent(low)} to ${percent(high)}).`;
    },
  },
  origin_latency_above: {
    value: ({ originLatency }) => originLatency,
    of: ({ originRequests }) => originRequests,
    text: ({ originLatency }) => `The origin takes ${Math.round(originLatency * 1000)} ms on average.`,
  },
  purge_lag_above: {
    value: ({ purgeLag }) => purgeLag,
    text: ({ purgeLag }) => `The purge log was last heard ${purgeLag.toFixed(1)} s ago.`,
  },
  memory_above: resident,
  leak_suspected: { ...resident, isBad: ({ leakSuspected }) => leakSuspected },
  quarantined: {
    value: ({ quarantined }) => quarantined.length > 0,
    isBad: ({ quarantined }) => quarantined.length > 0,
    text: ({ quarantined }) =>
      quarantined.length === 0 ? 'None is.' : `In quarantine: ${quarantined.slice(0, 5).join(', ')}.`,
  },
  rolled_back: {
    value: ({ rolledBack }) => rolledBack.length > 0,
    isBad: ({ rolledBack }) => rolledBack.length > 0,
    text: ({ rolledBack }) =>
      rolledBack.length === 0 ? 'None is.' : `Back in shadow: ${rolledBack.slice(0, 5).join('; ')}.`,
  },
  redis_bytes_above: {
    value: ({ redisBytes }) => redisBytes,
    text: ({ redisBytes }) => `About ${mebibytes(redisBytes ?? 0)} are stored in Redis.`,
  },
  redis_down: {
    value: ({ redisDown }) => redisDown,
    isBad: ({ redisDown }) => redisDown,
    text: ({ redisDown }) => (redisDown ? 'Redis does not answer.' : 'Redis answers.'),
  },
};

/** What a condition measures, and over how many requests. */
export const measured = ({ kind }: WatchedCondition, reading: Reading) => ({
  value: measures[kind].value(reading),
  of: measures[kind].of?.(reading),
});

/** The bound of a condition: a share, seconds or bytes; `undefined` for a state. */
export function boundOf(when: WatchedCondition): number | undefined {
  if ('share' in when) return when.share;
  if ('duration' in when) return when.duration;
  return 'bytes' in when ? when.bytes : undefined;
}

/** Compares a reading with an alert's bound. Too few requests are never bad. */
export function judge({ when, minRequests }: WatchedAlert, reading: Reading): Judgement {
  const { isBad } = measures[when.kind];
  if (isBad !== undefined) return isBad(reading) ? 'bad' : 'clear';
  const { value, of } = measured(when, reading);
  const bound = boundOf(when);
  // Without requests there is no judgement, even without `min_requests`.
  if (of !== undefined && (!reading.covers || of < Math.max(1, minRequests))) return 'clear';
  if (typeof value !== 'number' || bound === undefined) return 'between';
  return when.kind === 'hit_rate_below' ? againstLeast(value, bound) : against(value, bound);
}

function against(value: number, bound: number): Judgement {
  if (value > bound) return 'bad';
  return value <= bound * (1 - margin) ? 'clear' : 'between';
}

/** For a share that must not fall. Near 1, where a tenth more exceeds 1, half of the missing share is enough. */
function againstLeast(share: number, bound: number): Judgement {
  if (share < bound) return 'bad';
  return share >= Math.min(bound * (1 + margin), (1 + bound) / 2) ? 'clear' : 'between';
}

/** A condition as written in the file. */
export function describeCondition(when: WatchedCondition): string {
  switch (when.kind) {
    case 'hit_rate_below':
    case 'origin_error_rate_above':
    case 'stale_above':
      return `${when.kind} ${when.share}`;
    case 'origin_latency_above':
    case 'purge_lag_above':
      return `${when.kind} ${when.duration}s`;
    case 'memory_above':
    case 'redis_bytes_above':
      return `${when.kind} ${mebibytes(when.bytes)}`;
    case 'redis_down':
    case 'leak_suspected':
    case 'quarantined':
    case 'rolled_back':
      return when.kind;
    default:
      return when satisfies never;
  }
}

function firingText({ name, when, for: span }: WatchedAlert, reading: Reading): string {
  const causes = reading.reasons.slice(0, 2).map(({ reason, share }) => `${reason} (${percent(share)})`);
  const why =
    when.kind !== 'hit_rate_below' || causes.length === 0 ? '' : ` Most misses: ${causes.join(', ')}.`;
  const since = span === 0 ? '' : ` for ${span}s`;
  return `${name}: ${describeCondition(when)}${since}. ${measures[when.kind].text(reading)}${why}`;
}

const mebibytes = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(0)} MiB`;
