/** Gathers the evidence as it passes, and makes the advice of it when somebody asks. */

import type { Config, ContentType } from '../../config/config.ts';
import { combinedValue } from '../../http/fields.ts';
import { parseVary } from '../../http/vary.ts';
import { between, type Clock, type EpochMs } from '../../kit/time.ts';
import { minuteOfDay } from '../../policy/lifetime/hours.ts';
import { compileRules } from '../../policy/rules/rules.ts';
import type { CacheExchange } from '../../proxy/exchange/exchange.ts';
import type { Outcome } from '../../proxy/exchange/outcome.ts';
import type { Entry } from '../../store/store.ts';
import type { Judgement } from '../judge.ts';
import type { NoiseBook } from '../noise-book.ts';
import { urlPattern } from '../url-pattern.ts';
import type { WritesSeen } from '../writes-seen.ts';
import { iso } from '../shadow-report.ts';
import { digestIn } from '../would-be-store.ts';
import type {
  AdviceReport,
  InputAdvice,
  LifetimeAdvice,
  PublicAdvice,
  SharedView,
  WriteAdvice,
} from './advice.ts';
import { adviceWords } from './advice-text.ts';
import { ChangeTimes } from './change-times.ts';
import { countOf } from './change-rate.ts';
import { missingVaryAdvice, needlessAdvice } from './input-advice.ts';
import { Inputs, type InputSeen } from './inputs.ts';
import { EvidenceQueue } from './evidence-queue.ts';
import { lifetimeAdvice } from './lifetime-advice.ts';
import { doubtsIn, endedBy, lookOf, tellOutcome, variedCookies } from './personal-looks.ts';
import { partsOfDay } from './parts-of-day.ts';
import { SameForAll } from './same-for-all.ts';
import { isPersonal, publicAdvice, sharedViews } from './shared-advice.ts';
import { type Ended, missingWriteAdvice, needlessWriteAdvices } from './write-advice.ts';
import { WriteEffects } from './write-effects.ts';

export type AdviceOptions = {
  readonly clock: Clock;
  readonly config: () => Config;
  readonly noise: NoiseBook;
  readonly writes: Pick<WritesSeen, 'between'>;
  /** By write rule, what became of the copies that its writes ended. */
  readonly ended: () => Ended;
  /** Evidence that could not be taken up is lost. */
  readonly onFault: (error: unknown) => void;
};

/** Larger bodies are not looked at. */
const largest = 256 * 1024;
const mostDeclared = 5;

/** The evidence, and the advice. */
export class Adviser {
  readonly #options: AdviceOptions;
  readonly #since: EpochMs;
  readonly #changes: ChangeTimes;
  readonly #effects: WriteEffects;
  readonly #inputs = new Inputs();
  readonly #shared = new SameForAll();
  readonly #queue: EvidenceQueue;
  #config: Config | undefined;

  constructor(options: AdviceOptions) {
    this.#options = options;
    const { clock, onFault } = options;
    this.#since = clock.now();
    this.#queue = new EvidenceQueue({ monotonicMs: () => clock.monotonicMs(), onFault });
    this.#effects = new WriteEffects((from, to) => options.writes.between(from, to));
    this.#changes = new ChangeTimes((looked) => {
      this.#effects.saw(looked);
    });
  }

  /** An answer is stored, or would be in shadow. Returns at once. */
  readonly onStored = (exchange: CacheExchange, entry: Entry): void => {
    const route = routeOf(exchange);
    if (route === undefined || entry.status !== 200 || entry.part !== undefined) return;
    if (!this.#isInForce(exchange.site.config)) return;
    if (entry.body.length > largest) {
      const contentType = exchange.match.contentType.name;
      this.#shared.doubts({ contentType, route, target: entry.target }, 'too-large');
      return;
    }
    const [path = ''] = entry.target.split('?', 1);
    this.#queue.ofPage(path, entry.body.length, () => {
      this.#learn(exchange, entry, route);
    });
  };

  /** A copy was compared with what the origin gives. */
  onJudged(exchange: Pick<CacheExchange, 'match' | 'site'>, entry: Entry, { kind }: Judgement): void {
    const route = routeOf(exchange);
    if (kind === 'unjudged' || route === undefined) return;
    const at = this.#options.clock.now();
    const isStale = kind === 'stale';
    // Behind the storing of the copy, in the order of things.
    this.#queue.add(0, () => {
      const sighting = this.#sighting(exchange, { entry, route, at });
      this.#changes.judged({ ...sighting, fetchedAt: entry.requestTime, isStale });
      if (kind === 'same') this.#shared.isStillRight(sighting.name, at, entry.requestTime);
    });
  }

  /** Hears of all outcomes, also of those that would have been. */
  onOutcome(outcome: Outcome): void {
    if (outcome.kind !== 'forward') return;
    this.#adopt(this.#options.config());
    const type = this.#config?.contentTypes.get(outcome.contentType);
    if (type === undefined || isPersonal(type)) tellOutcome(this.#shared, outcome);
  }

  /** The `user` routes that gave several people the same. */
  shared(config: Config): readonly SharedView[] {
    this.#queue.finish();
    return sharedViews(this.#shared.seen(), config, this.#options.clock.now());
  }

  /** What follows from the evidence for these rules. */
  report(config: Config): AdviceReport {
    this.#queue.finish();
    const types = [...config.contentTypes.values()].filter(({ kind }) => kind === 'rule');
    const writes = this.#writesOf(config);
    // Where a write is the cause, a shorter lifetime is the wrong cure.
    const isCured = ({ kind, type }: LifetimeAdvice): boolean =>
      kind === 'shorter' && writes.some((advice) => advice.kind === 'missing-write' && advice.type === type);
    const lifetimes = types.flatMap((type) => this.#lifetimeOf(config, type) ?? []);
    const advices = [
      ...writes,
      ...lifetimes.filter((advice) => !isCured(advice)),
      ...types.flatMap((type) => this.#inputsOf(type)),
      ...types.flatMap((type) => this.#publicOf(config, type)),
    ];
    const intervals = this.#changes
      .routes()
      .reduce((sum, { same, changed }) => sum + countOf(same.intervals()) + countOf(changed.intervals()), 0);
    const views = advices.map((advice) => ({ ...advice, ...adviceWords(advice) }));
    return { since: iso(this.#since), sample: this.#queue.share, intervals, advices: views };
  }

  #learn(exchange: CacheExchange, entry: Entry, route: string): void {
    const digest = digestIn(entry);
    if (digest === undefined || !this.#isInForce(exchange.site.config)) return;
    const { clock, noise } = this.#options;
    const { policy, basis, asOf, originSeconds, target } = entry;
    const { contentType } = exchange.match;
    const isBound =
      contentType.cacheControl === 'obey' && basis.isExplicit && basis.lifetime <= policy.lifetime;
    const copy = {
      ...this.#sighting(exchange, { entry, route, at: entry.requestTime }),
      ...{ digest, target, asOf, isBound, originSeconds },
      lifetime: policy.lifetime,
    };
    const { purgeLog } = exchange.services;
    const isNoisy = noise.of(urlPattern(target), clock.now()).length > 0;
    this.#changes.stored(copy, {
      isPurged: (since) => purgeLog.verdict({ ...entry, asOf: since }).kind !== 'current',
      isNoisy,
    });
    if (!isNoisy) this.#compareInputs(exchange, entry, digest);
    if (isPersonal(contentType)) this.#comparePeople(exchange, entry, { copy: copy.name, route, digest });
  }

  #compareInputs(exchange: CacheExchange, entry: Entry, digest: string): void {
    const { match, plan, request } = exchange;
    const { name, vary } = match.contentType;
    const { target, host, partition, requestTime: at } = entry;
    const sent = plan.upstreamFields();
    this.#inputs.stored({
      contentType: name,
      partition,
      host,
      target,
      sent,
      variedBy: vary.headers,
      variedCookies: variedCookies(exchange),
      digest,
      at,
    });
    const declared = parseVary(entry.fields);
    if (declared.kind === 'any') return;
    for (const field of declared.names.slice(0, mostDeclared))
      this.#inputs.declares({ contentType: name, target }, field, combinedValue(request.fields, field) ?? '');
  }

  #comparePeople(exchange: CacheExchange, entry: Entry, seen: Parameters<typeof lookOf>[2]): void {
    const look = lookOf(exchange, entry, seen);
    this.#shared.stored(look, endedBy(exchange, entry));
    for (const doubt of doubtsIn(entry.fields)) this.#shared.doubts(look, doubt);
  }

  #publicOf({ routes }: Config, type: ContentType): readonly PublicAdvice[] {
    const now = this.#options.clock.now();
    return [publicAdvice(type, this.#shared.seen(), { routes, now })].filter((one) => one !== undefined);
  }

  #adopt(config: Config): void {
    if (this.#config !== undefined && this.#config !== config) {
      this.#changes.forgetLifetimes();
      this.#shared.forget();
    }
    this.#config = config;
  }

  /** What was seen by other rules is no evidence for these. */
  #isInForce(config: Config): boolean {
    this.#adopt(this.#options.config());
    return config === this.#config;
  }

  #sighting(
    { match, site }: Pick<CacheExchange, 'match' | 'site'>,
    { entry, route, at }: { readonly entry: Entry; readonly route: string; readonly at: EpochMs },
  ) {
    const name = entry.key.slice(0, 16) + entry.variant.slice(0, 8);
    const hour = Math.floor(minuteOfDay(site.config.ttl.timeZone, at) / 60);
    return { name, contentType: match.contentType.name, route, at, hour };
  }

  #writesOf(config: Config): readonly WriteAdvice[] {
    const rules = compileRules(config);
    const missing = this.#effects.all().flatMap((effect) => {
      const { contentType, route } = effect;
      const isRoute = config.routes.some(({ pattern, type }) => pattern === route && type === contentType);
      const seen = this.#changes
        .routes()
        .find((one) => one.contentType === contentType && one.route === route);
      if (!isRoute || seen?.sample === undefined) return [];
      return missingWriteAdvice(effect, { config, rules, page: seen.sample }) ?? [];
    });
    return [...missing, ...needlessWriteAdvices(config, this.#options.ended())];
  }

  #inputsOf(type: ContentType): readonly InputAdvice[] {
    const isOf = ({ contentType }: { readonly contentType: string }): boolean => contentType === type.name;
    const now = this.#options.clock.now();
    const needless = this.#inputs
      .seen()
      .filter(isOf)
      .filter((seen) => isInForce(seen, type));
    return [
      ...needless.flatMap((seen) => needlessAdvice(seen, type, now) ?? []),
      ...this.#inputs
        .declared()
        .filter(isOf)
        .flatMap((declared) => missingVaryAdvice(declared, type) ?? []),
    ];
  }

  #lifetimeOf({ ttl, routes }: Config, type: ContentType): LifetimeAdvice | undefined {
    const { name, min = ttl.min, max = ttl.max } = type;
    const inForce = new Set(routes.filter((route) => route.type === name).map(({ pattern }) => pattern));
    const seen = this.#changes
      .routes()
      .filter(({ contentType, route }) => contentType === name && inForce.has(route));
    const since = seen.flatMap(({ livedSince }) => livedSince ?? []);
    return lifetimeAdvice({
      name,
      ttlSeconds: type.ttl ?? ttl.default,
      bounds: { min, max },
      routes: seen,
      parts: partsOfDay(ttl.hours).map(({ name: part, covers }) => ({
        name: part,
        series: [...this.#changes.hours(name)].filter(([hour]) => covers(hour)).map(([, series]) => series),
      })),
      livedSeconds: since.length === 0 ? 0 : between(earliest(since), this.#options.clock.now()),
    });
  }
}

const earliest = (all: readonly EpochMs[]): EpochMs =>
  all.reduce((one, other) => (other < one ? other : one));

/** Whether the rule still tells requests apart by this part. */
function isInForce({ kind, name }: Pick<InputSeen, 'kind' | 'name'>, { vary, query }: ContentType): boolean {
  if (kind === 'header') return vary.headers.includes(name);
  if (kind === 'cookie') return vary.cookies.includes(name);
  return (
    query.kind === 'all' ||
    (query.kind === 'only' && query.names.includes(name)) ||
    (query.kind === 'ignore' && !query.patterns.includes(name))
  );
}

/** Of an operator's rule. */
function routeOf({ match }: Pick<CacheExchange, 'match'>): string | undefined {
  return match.contentType.kind === 'rule' ? match.route?.pattern : undefined;
}
