/**
 * The alerts of the configuration, judged at every tick: what fires, what did lately, and who is told.
 */

import type { Logger } from 'pino';
import type { Alert } from '../config/config.ts';
import { type Seconds, seconds } from '../kit/time.ts';
import {
  type AlertState,
  describeCondition,
  nextState,
  type Notice,
  quietSince,
  type Reading,
} from './alerts.ts';
import { listed } from './misses.ts';
import { get, hitRate, share } from './tally.ts';
import type { Watch } from './watch.ts';
import type { Point } from './window.ts';

/** Sends a notice to a webhook; never rejects. */
export type SendNotice = (
  url: string,
  notice: Readonly<Record<string, unknown>> & { readonly text: string },
) => Promise<void>;

export type AlertList = {
  readonly firing: readonly AlertView[];
  readonly recent: readonly SpokenNotice[];
  readonly configured: readonly AlertView[];
};

/** A notice with its instants as text. */
type SpokenNotice = Omit<Notice, 'at' | 'since'> & { readonly at: string; readonly since: string };

export type AlertView = {
  readonly name: string;
  readonly condition: string;
  readonly firing: boolean;
  readonly since: string;
  readonly text: string;
};

const keptNotices = 50;

/** Judges alerts. */
export class AlertBoard {
  readonly #watch: Watch;
  readonly #log: Logger;
  readonly #send: SendNotice;
  readonly #states = new Map<string, AlertState>();
  readonly #notices: Notice[] = [];

  constructor(watch: Watch, { log, send }: { log: Logger; send: SendNotice }) {
    this.#watch = watch;
    this.#log = log;
    this.#send = send;
  }

  /** Judges every alert at a point of the timeline. */
  judge(point: Point): void {
    const { alerts } = this.#watch.options.config();
    for (const alert of alerts) this.#judgeOne(alert, point);
    const names = new Set(alerts.map(({ name }) => name));
    for (const name of this.#states.keys()) if (!names.has(name)) this.#states.delete(name);
  }

  /** Every alert of the configuration, and whether it fires. */
  states(): AlertView[] {
    return this.#watch.options.config().alerts.map(({ name, when }) => {
      const state = this.#states.get(name);
      const since = new Date(state?.changedAt ?? this.#watch.startedAt).toISOString();
      const firing = state?.kind === 'firing';
      return { name, condition: describeCondition(when), firing, since, text: state?.text ?? '' };
    });
  }

  /** Firing and recent, the newest first. */
  list(): AlertList {
    const configured = this.states();
    const recent = this.#notices.map(spoken);
    return { firing: configured.filter(({ firing }) => firing), recent, configured };
  }

  #judgeOne(alert: Alert, point: Point): void {
    const before = this.#states.get(alert.name) ?? quietSince(point.at);
    const reading = readingOf(this.#watch, point, alert.for);
    const { state, notice } = nextState(before, { alert, reading, now: point.at });
    this.#states.set(alert.name, state);
    if (notice === undefined) return;
    this.#notices.unshift(notice);
    if (this.#notices.length > keptNotices) this.#notices.pop();
    const { name, status, condition, text } = notice;
    if (status === 'firing') this.#log.warn({ alert: name, status, condition }, text);
    else this.#log.info({ alert: name, status, condition }, text);
    if (alert.webhook !== undefined) void this.#send(alert.webhook, { ...spoken(notice) });
  }
}

const spoken = (notice: Notice): SpokenNotice => ({
  ...notice,
  at: new Date(notice.at).toISOString(),
  since: new Date(notice.since).toISOString(),
});

/** What alerts look at, measured over `span` up to the point. */
export function readingOf(watch: Watch, point: Point, span: Seconds): Reading {
  const { timeline, options } = watch;
  const { tally, covers, reasons } = timeline.since(point.at - span * 1000, point);
  const { redis, lag } = options.redis();
  const originRequests = get(tally, 'originRequests');
  return {
    covers,
    reads: get(tally, 'hits') + get(tally, 'misses'),
    hitRate: hitRate(tally),
    originRequests,
    originErrorRate: share(get(tally, 'originErrors'), originRequests),
    originLatency: seconds(share(get(tally, 'originSeconds'), originRequests)),
    redisDown: redis === 'down',
    residentBytes: point.residentBytes,
    purgeLag: lag ?? seconds(0),
    leakSuspected: isLeakSuspected(watch, point),
    reasons: listed(reasons),
  };
}

const mebibyte = 1024 ** 2;
/** What a process may have beside its store (CONTRACT §5). */
const allowance = 150 * mebibyte;
const stretch = { ms: 600_000, count: 6, growth: 4 * mebibyte };

/** Memory beside the store is above its bound, or has grown in each of the last six stretches of ten minutes. */
function isLeakSuspected({ timeline, options }: Watch, point: Point): boolean {
  const own = ({ residentBytes, storeBytes }: Point): number => residentBytes - storeBytes;
  if (point.residentBytes > options.config().store.memoryBytes + allowance) return true;
  let later = point;
  for (let index = 1; index <= stretch.count; index += 1) {
    const wanted = point.at - index * stretch.ms;
    const earlier = timeline.before(wanted);
    if (earlier === undefined || earlier.at > wanted || own(later) - own(earlier) < stretch.growth)
      return false;
    later = earlier;
  }
  return true;
}
