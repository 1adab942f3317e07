/** Judges the configured and the built-in alerts at every tick, keeps recent notices, and sends them to webhooks. */

import type { Logger } from 'pino';
import type { Alert, Config } from '../../config/config.ts';
import { type Seconds, seconds } from '../../kit/time.ts';
import { alertFacts, type AlertFacts, type ConditionFacts, conditionFacts } from './alert-facts.ts';
import {
  type AlertState,
  describeCondition,
  nextState,
  type Notice,
  quietSince,
  type Reading,
  type WatchedAlert,
} from './alerts.ts';
import { listed } from '../count/misses.ts';
import { get, hitRate, share } from '../count/tally.ts';
import type { Watch } from '../count/watch.ts';
import type { Point } from '../count/window.ts';

/** Never rejects. */
export type SendNotice = (
  url: string,
  notice: Readonly<Record<string, unknown>> & { readonly text: string },
) => Promise<void>;

export type AlertList = {
  readonly firing: readonly AlertView[];
  readonly recent: readonly SpokenNotice[];
  readonly configured: readonly AlertView[];
};

type SpokenNotice = Omit<Notice, 'at' | 'since'> & { readonly at: string; readonly since: string };

export type AlertView = {
  readonly name: string;
  readonly condition: string;
  readonly firing: boolean;
  readonly since: string;
  readonly text: string;
  readonly when: ConditionFacts;
  readonly facts: AlertFacts | undefined;
};

const keptNotices = 50;

/** The alerts and their states. */
export class AlertBoard {
  readonly #watch: Watch;
  readonly #log: Logger;
  readonly #send: SendNotice;
  readonly #states = new Map<string, AlertState>();
  readonly #facts = new Map<string, AlertFacts>();
  readonly #notices: Notice[] = [];

  constructor(watch: Watch, { log, send }: { log: Logger; send: SendNotice }) {
    this.#watch = watch;
    this.#log = log;
    this.#send = send;
  }

  judge(point: Point): void {
    const alerts = watchedAlerts(this.#watch.options.config());
    for (const alert of alerts) this.#judgeOne(alert, point);
    const names = new Set(alerts.map(({ name }) => name));
    for (const name of this.#states.keys()) {
      if (names.has(name)) continue;
      this.#states.delete(name);
      this.#facts.delete(name);
    }
  }

  states(): AlertView[] {
    return watchedAlerts(this.#watch.options.config()).map(({ name, when }) => {
      const state = this.#states.get(name);
      const since = new Date(state?.changedAt ?? this.#watch.startedAt).toISOString();
      const firing = state?.kind === 'firing';
      const condition = describeCondition(when);
      const told = { text: state?.text ?? '', facts: this.#facts.get(name) };
      return { name, condition, firing, since, ...told, when: conditionFacts(when) };
    });
  }

  list(): AlertList {
    const configured = this.states();
    const recent = this.#notices.map(spoken);
    return { firing: configured.filter(({ firing }) => firing), recent, configured };
  }

  #judgeOne(alert: WatchedAlert, point: Point): void {
    const before = this.#states.get(alert.name) ?? quietSince(point.at);
    const reading = readingOf(this.#watch, point, alert.for);
    const { state, notice } = nextState(before, { alert, reading, now: point.at });
    this.#states.set(alert.name, state);
    if (notice === undefined) return;
    this.#facts.set(alert.name, alertFacts(alert, reading));
    this.#notices.unshift(notice);
    if (this.#notices.length > keptNotices) this.#notices.pop();
    const { name, status, condition, text } = notice;
    if (status === 'firing') this.#log.warn({ alert: name, status, condition }, text);
    else this.#log.info({ alert: name, status, condition }, text);
    if (alert.webhook !== undefined) void this.#send(alert.webhook, { ...spoken(notice) });
  }
}

type Watched = Pick<
  Config,
  'alerts' | 'audit' | 'contentTypes' | 'mode' | 'rollback' | 'rollout' | 'routes' | 'store'
>;

/** The configured alerts, with Redis one on its size (`store.redis.max_bytes`), and those on quarantine and rollback where anything leads there. */
function watchedAlerts(config: Watched): readonly WatchedAlert[] {
  const { alerts, store } = config;
  // The janitor measures rarely, so every measurement counts.
  const common = { for: seconds(0), minRequests: 0, webhook: webhookFor(alerts) };
  const builtIn: WatchedAlert[] = [];
  const bytes = store.redis?.maxBytes;
  if (bytes !== undefined)
    builtIn.push({ name: 'redis-over-max-bytes', when: { kind: 'redis_bytes_above', bytes }, ...common });
  if (mayQuarantine(config)) builtIn.push({ name: 'quarantine', when: { kind: 'quarantined' }, ...common });
  if (config.rollback !== undefined)
    builtIn.push({ name: 'rollback', when: { kind: 'rolled_back' }, ...common });
  // A configured alert replaces a built-in one of the same name.
  return [...alerts, ...builtIn.filter(({ name }) => !alerts.some((own) => own.name === name))];
}

const mayQuarantine = ({ audit, mode, ...config }: Watched): boolean =>
  audit !== undefined ||
  mode === 'shadow' ||
  partsOf(config).some(({ shadow, rollout }) => shadow === true || rollout !== undefined);

const partsOf = ({
  contentTypes,
  rollout,
  routes,
}: Pick<Watched, 'contentTypes' | 'rollout' | 'routes'>): readonly {
  readonly shadow?: boolean;
  readonly rollout: Config['rollout'];
}[] => [{ rollout }, ...contentTypes.values(), ...routes];

function webhookFor(alerts: readonly Alert[]): string | undefined {
  const told = alerts.filter(({ webhook }) => webhook !== undefined);
  const about = (kind: Alert['when']['kind']): Alert | undefined =>
    told.find(({ when }) => when.kind === kind);
  return (about('redis_down') ?? about('memory_above') ?? told[0])?.webhook;
}

const spoken = (notice: Notice): SpokenNotice => ({
  ...notice,
  at: new Date(notice.at).toISOString(),
  since: new Date(notice.since).toISOString(),
});

const shortestMs = 1000;

/** The readings that alerts judge, measured over `span` up to the point. */
function readingOf(watch: Watch, point: Point, span: Seconds): Reading {
  const { timeline, options } = watch;
  const { tally, covers, reasons } = timeline.since(point.at - Math.max(span * 1000, shortestMs), point);
  const { redis, lag } = options.redis();
  const originRequests = get(tally, 'originRequests');
  return {
    covers,
    reads: get(tally, 'hits') + get(tally, 'misses'),
    hitRate: hitRate(tally),
    audited: get(tally, 'audited'),
    auditedStale: get(tally, 'auditedStale'),
    originRequests,
    originErrorRate: share(get(tally, 'originErrors'), originRequests),
    originLatency: seconds(share(get(tally, 'originSeconds'), originRequests)),
    redisDown: redis === 'down',
    quarantined: options.quarantined?.() ?? [],
    rolledBack: options.rolledBack?.() ?? [],
    residentBytes: point.residentBytes,
    redisBytes: point.redisBytes,
    // A log that was never heard counts from the start of this process.
    purgeLag: lag ?? (redis === 'none' ? seconds(0) : watch.uptime),
    leakSuspected: isLeakSuspected(watch, point),
    reasons: listed(reasons),
  };
}

const mebibyte = 1024 ** 2;
const allowance = 150 * mebibyte;
const stretch = { ms: 600_000, count: 6, growth: 4 * mebibyte };

/** Whether memory beside the store is above its bound, or grew in each of the last six ten-minute spans. */
function isLeakSuspected({ timeline, options }: Watch, point: Point): boolean {
  const own = ({ residentBytes, storeBytes }: Point): number => residentBytes - storeBytes;
  const processes = 1 + (options.others?.count ?? 0);
  if (point.residentBytes > options.config().store.memoryBytes + allowance * processes) return true;
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
