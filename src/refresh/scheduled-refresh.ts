/**
 * Carries out the `refresh` section (CONTRACT §2): fetches URLs for everybody, and the responses of recently seen
 * identities with their own last credentials. A session cookie that such a fetch renews is discarded: no client can be
 * given it, and the owner's next request renews it.
 */

import type { Config, RefreshJob } from '../config/config.ts';
import { BoundedMap } from '../kit/bounded-map.ts';
import { between, type Clock, type Seconds, seconds } from '../kit/time.ts';
import type { CacheExchange } from '../proxy/exchange/exchange.ts';
import type { PurgeLog } from '../store/purge-log.ts';
import type { Entry } from '../store/store.ts';
import { askAhead, type AskEnd, type AskOptions, type Asking } from './ask-ahead.ts';
import { type Demand, worthOf } from './demand.ts';
import { type Held, HeldCredentials, withCredentials } from './held-credentials.ts';
import { formOf, type RequestForm } from './request-form.ts';
import { siteAddresses } from './site-addresses.ts';
import type { TimedJob } from './timetable.ts';

type TypeJob = Extract<RefreshJob, { kind: 'type' }>;
type UrlsJob = Extract<RefreshJob, { kind: 'urls' }>;

type Renewable = {
  readonly key: string;
  readonly type: string;
  /** Its owner; `public` on routes of that scope, which need no credentials. */
  readonly partition: string;
  readonly form: RequestForm;
  readonly cost: Seconds;
  seenMs: number;
};

const mostRenewable = 5000;
/** An entry renewed within this share of the period, by any request, is young enough. */
const youngShare = 0.5;

export type ScheduledRefreshOptions = {
  readonly asking: Asking;
  readonly demand: Demand;
  readonly clock: Clock;
  readonly purgeLog: PurgeLog;
  readonly config: () => Config;
};

/** Carries out scheduled renewals. */
export class ScheduledRefresh {
  readonly #options: ScheduledRefreshOptions;
  readonly #held: HeldCredentials;
  readonly #renewable = new BoundedMap<string, Renewable>(mostRenewable);
  #jobs: readonly RefreshJob[] | undefined;
  #types: ReadonlyMap<string, Seconds> = new Map();
  #timed: readonly TimedJob[] = [];

  constructor(options: ScheduledRefreshOptions) {
    this.#options = options;
    this.#held = new HeldCredentials(options.purgeLog);
  }

  get heldCount(): number {
    return this.#held.size;
  }

  /** The jobs of the configuration. Forgets credentials that are no longer needed. */
  jobs(): readonly TimedJob[] {
    const { refresh } = this.#options.config();
    if (this.#jobs !== refresh) this.#take(refresh);
    const longest = seconds(Math.max(-1, ...this.#types.values()));
    if (this.#held.size > 0) this.#held.forgetOld(this.#options.clock.monotonicMs(), longest);
    return this.#timed;
  }

  onAsked(exchange: CacheExchange): void {
    if (this.#types.size === 0 || !this.#types.has(exchange.match.contentType.name)) return;
    this.#held.note(exchange, exchange.startedMs);
    const renewable = this.#renewable.get(exchange.plan.key);
    if (renewable !== undefined) renewable.seenMs = exchange.startedMs;
  }

  onStored(exchange: CacheExchange, entry: Entry): void {
    const { contentType: type, partition, key, originSeconds: cost } = entry;
    if (this.#types.size === 0 || !this.#types.has(type) || partition === 'anonymous') return;
    const form = formOf(exchange, entry);
    if (form === undefined) return;
    // A renewal is not a visit: its owner was last seen when the entry was requested.
    const seenMs = this.#renewable.get(key)?.seenMs ?? exchange.startedMs;
    this.#renewable.set(key, { key, type, partition, form, cost, seenMs });
  }

  #take(refresh: readonly RefreshJob[]): void {
    this.#jobs = refresh;
    const types = new Map<string, Seconds>();
    for (const job of refresh) {
      if (job.kind === 'type')
        types.set(job.type, seconds(Math.max(job.activeWithin, types.get(job.type) ?? 0)));
    }
    this.#types = types;
    this.#timed = refresh.map((job) => ({
      name: `refresh ${JSON.stringify(job)}`,
      when: { kind: 'every', every: job.every },
      // Each instance renews for the owners it has seen, whose credentials it holds.
      isShared: job.kind === 'urls',
      run: () => (job.kind === 'urls' ? this.#runUrls(job) : this.#runType(job)),
    }));
  }

  async #runUrls({ urls, every }: UrlsJob): Promise<void> {
    const { config, originHost } = this.#options.asking.services().site();
    const wanted = this.#options.demand.hottest(Number.MAX_SAFE_INTEGER);
    const addresses = siteAddresses(config, originHost, wanted);
    const asked = urls.flatMap((url) => {
      const known = wanted.filter(({ form }) => form.target === url);
      if (known.length > 0) return known.map((one) => ({ ...one.form, worth: worthOf(one) }));
      return addresses.map((address) => ({ ...address, target: url, fields: [], worth: 0 }));
    });
    await Promise.all(
      asked.map(({ worth, ...form }) => this.#ask({ ...form, isPersonal: false }, { worth, every })),
    );
  }

  async #runType({ type, every, activeWithin }: TypeJob): Promise<void> {
    const ofType = [...this.#renewable.entries()].map(([, one]) => one).filter((one) => one.type === type);
    await Promise.all(ofType.map((one) => this.#renew(one, { every, activeWithin })));
  }

  async #renew(one: Renewable, times: { every: Seconds; activeWithin: Seconds }): Promise<void> {
    const { key, partition, form, cost, seenMs } = one;
    const isOld = this.#options.clock.monotonicMs() - seenMs > times.activeWithin * 1000;
    if (isOld) this.#renewable.delete(key);
    else if (partition === 'public') {
      const worth = worthOf({ weight: 1, cost });
      await this.#ask({ ...form, isPersonal: false }, { worth, every: times.every, key });
    } else await this.#renewFor(one, times);
  }

  async #renewFor(
    { key, partition, form, cost }: Renewable,
    { every, activeWithin }: { every: Seconds; activeWithin: Seconds },
  ): Promise<void> {
    const find = (): Held | undefined =>
      this.#held.get(partition, { nowMs: this.#options.clock.monotonicMs(), limit: activeWithin });
    const held = find();
    if (held === undefined) {
      this.#renewable.delete(key);
      return;
    }
    // The owner may log out before its turn comes.
    const isAllowed = (): boolean => find() !== undefined;
    const { forwardedFor } = held;
    const fields = withCredentials(form.fields, held);
    const end = await this.#ask(
      { ...form, fields, forwardedFor, isPersonal: true },
      { worth: worthOf({ weight: 1, cost }), every, key, isAllowed },
    );
    if (wasTurnedAway(end)) this.#held.drop(partition);
  }

  #ask(
    asked: Parameters<typeof askAhead>[1],
    { every, ...options }: Omit<AskOptions, 'isYoung'> & { readonly every: Seconds },
  ): Promise<AskEnd> {
    const isYoung = ({ responseTime }: Entry): boolean =>
      between(responseTime, this.#options.clock.now()) < every * youngShare;
    return askAhead(this.#options.asking, asked, { ...options, isYoung });
  }
}

/** Whether the origin took the request for another's, or for anonymous: such credentials are useless. */
function wasTurnedAway(end: AskEnd): boolean {
  if (end.kind !== 'refused') return false;
  const { reason, status } = end;
  const isElsewhere = status !== undefined && status >= 300 && status < 400;
  return status === 401 || status === 403 || isElsewhere || reason === 'set-cookie' || reason === 'identity';
}
