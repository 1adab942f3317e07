/**
 * Shadow mode: every request is passed, and beside it the pipeline runs a second time, with a store that nobody gets anything
 * from. What it would have given is compared with what the origin gave.
 *
 * Promises: the client gets what a pass gives, byte for byte; nothing is stored where a client could get it; the second run
 * asks the origin nothing: it is played the answer that the client got. Only noise is asked about, see `ask-again.ts`.
 */

import { combinedValue } from '../http/fields.ts';
import { BoundedMap } from '../kit/bounded-map.ts';
import { SingleFlight } from '../kit/single-flight.ts';
import { between, type Clock, epochMs, type EpochMs } from '../kit/time.ts';
import type { Origin } from '../origin/origin.ts';
import { createPopularity } from '../policy/lifetime/popularity.ts';
import { withoutCopies } from '../policy/rules/entry-tags.ts';
import { everybody } from '../policy/rules/share.ts';
import { elapsed, type Exchange, type Services, type Shadow, type Site } from '../proxy/exchange/exchange.ts';
import type { Outcome } from '../proxy/exchange/outcome.ts';
import { asksReload } from '../proxy/exchange/keyed-exchange.ts';
import { nobody } from '../proxy/exchange/reply.ts';
import { fetchInBackground } from '../proxy/fetch/fetch.ts';
import { openBodies } from '../proxy/fetch/open-bodies.ts';
import { createPipeline } from '../proxy/pipeline.ts';
import { type Entry, nameOf } from '../store/store.ts';
import { reasonOf } from '../watch/count/miss-reason.ts';
import type { Adviser } from './advice/open-advice.ts';
import { type AskAgain, askedByPass } from './ask-again.ts';
import type { HitAuditOptions } from './audit.ts';
import type { CredentialCheck } from './credential-check.ts';
import { judge, type Judgement } from './judge.ts';
import { type Ledger, patternOf } from './ledger.ts';
import type { NoiseBook } from './noise-book.ts';
import { type Recorded, RecordedAnswer, type RecordingRoom, type WholeAnswer } from './recorded-answer.ts';
import { digestOf, markOf, WouldBeStore } from './would-be-store.ts';
import type { WritesSeen } from './writes-seen.ts';

export type ShadowOptions = {
  readonly clock: Clock;
  readonly askAgain: AskAgain;
  readonly noise: NoiseBook;
  readonly writes: WritesSeen;
  readonly room: RecordingRoom;
  readonly credentialCheck: CredentialCheck;
  readonly adviser: Pick<Adviser, 'onStored' | 'onJudged' | 'onOutcome'>;
  readonly onJudged: HitAuditOptions['onJudged'];
  readonly newLedger: HitAuditOptions['newLedger'];
};

/** What one configuration would have done. */
type Trial = {
  readonly site: Site;
  readonly ledger: Ledger;
  readonly stored: WouldBeStore;
  readonly services: Omit<Services, 'origin' | 'onOutcome' | 'purgeLog' | 'clock'>;
  /** When each copy was last seen to be right. */
  readonly rightAt: BoundedMap<string, EpochMs>;
};

const mostKeys = 20_000;

/** The second pipeline, and what it would have done under the configuration in force. */
export class ShadowPipeline {
  readonly #options: ShadowOptions;
  #trial: Trial | undefined;

  constructor(options: ShadowOptions) {
    this.#options = options;
  }

  /** What was counted since the configuration was put in force; `undefined`: nothing yet. */
  get trial(): Pick<Trial, 'ledger' | 'stored'> | undefined {
    return this.#trial;
  }

  /** Runs beside a pass; gives the exchange that is to be passed. */
  readonly beside: Shadow = (exchange) => {
    const { services, site, request } = exchange;
    const trial = this.#trialOf(site);
    const recording = new RecordedAnswer(this.#options.room, {
      limit: site.config.store.maxObjectBytes,
      sentCookies: request.known.cookie !== undefined,
    });
    const { origin } = services;
    const recorded: Services = {
      ...services,
      origin: {
        send: (asked, client) => origin.send(asked, recording.before(client)),
        forward: origin.forward,
        health: origin.health,
        close: () => origin.close(),
      },
    };
    // A part of a body says nothing about the rest.
    if (request.known.range === undefined) this.#run(trial, exchange, recording);
    return { ...exchange, services: recorded };
  };

  /** Hears of all outcomes: what is passed for another reason counts as a read that is no hit. */
  onOutcome(outcome: Outcome): void {
    const { clock, writes } = this.#options;
    writes.onOutcome(outcome, clock.now());
    const { pass, method } = outcome;
    const isRead = method === 'GET' || method === 'HEAD';
    if (isRead && pass !== undefined && pass !== 'shadow')
      this.#trial?.ledger.miss(outcome, reasonOf(outcome));
  }

  #run(trial: Trial, exchange: Exchange, recording: RecordedAnswer): void {
    const { services, request } = exchange;
    let isFirst = true;
    const pipeline = createPipeline({
      ...trial.services,
      clock: services.clock,
      background: {
        // Whoever checks it asks the origin itself.
        onAsked: (keyed) => {
          this.#options.credentialCheck.consider({ ...keyed, services, site: exchange.site });
        },
        onStaleHit: (keyed, entry) => void fetchInBackground(keyed, entry),
        onFreshHit: () => undefined,
        onStored: this.#options.adviser.onStored,
      },
      purgeLog: readOnly(services.purgeLog, asksReload(exchange)),
      origin: playing(services.origin, recording),
      onOutcome: (outcome) => {
        // Later ones belong to a renewal.
        if (isFirst) this.#onWouldBe(trial, { exchange, recording, outcome });
        isFirst = false;
      },
    });
    // The answer of an error of ours is nobody's; the client's own exchange goes on.
    Promise.resolve(pipeline(request, nobody)).catch(() => undefined);
  }

  #onWouldBe(trial: Trial, ended: Ended): void {
    const { exchange, recording, outcome } = ended;
    const { entry } = outcome;
    this.#options.adviser.onOutcome(outcome);
    if (outcome.kind !== 'hit' || entry === undefined) {
      trial.ledger.miss(outcome, reasonOf(outcome));
      return;
    }
    recording.onOver((recorded) => {
      trial.ledger.hit(outcome, elapsed(exchange));
      const judged = this.#judge(trial, { ...ended, entry }, recorded);
      if (judged instanceof Promise) void judged.then((late) => this.#tell(trial, { ...ended, entry }, late));
      else this.#tell(trial, { ...ended, entry }, judged);
    });
  }

  #judge(
    trial: Trial,
    { exchange, outcome, entry }: EndedHit,
    recorded: Recorded,
  ): Judgement | Promise<Judgement> {
    const { askAgain, noise, writes, clock } = this.#options;
    const soon = judgedAtOnce(exchange, entry, recorded);
    if (soon !== undefined || recorded.kind !== 'whole')
      return soon ?? { kind: 'unjudged', reason: 'no-answer' };
    const { digest } = markOf(entry);
    return judge(
      { noise, writes, clock },
      {
        pattern: patternOf(outcome),
        copy: { status: entry.status, body: digest === undefined ? undefined : trial.stored.sampled(digest) },
        answer: recorded.answer,
        again: () => askAgain.ask(exchange, askedByPass(exchange)),
      },
    );
  }

  #tell({ ledger, rightAt }: Trial, { exchange, outcome, entry }: EndedHit, judgement: Judgement): void {
    const { writes, adviser, onJudged } = this.#options;
    onJudged(outcome, judgement.kind);
    const { now } = exchange;
    const name = nameOf(entry);
    const known = rightAt.get(name);
    const since = known === undefined || known < entry.requestTime ? entry.requestTime : known;
    if (judgement.kind === 'same' || judgement.kind === 'noise') rightAt.set(name, now);
    // Of what was asked for at the same instant nobody knows which came first.
    const seen = writes.after(epochMs(since - 1), 3);
    const cause = seen.length > 0 ? 'write' : 'time';
    ledger.judged(outcome, judgement, { cause, from: entry.requestTime, at: now });
    adviser.onJudged(exchange, entry, judgement);
    if (judgement.kind !== 'stale') return;
    const { places } = judgement;
    const age = between(entry.responseTime, now);
    ledger.example({ at: now, subject: outcome, age, cause, rightAt: since, writes: seen, places });
  }

  #trialOf(site: Site): Trial {
    // Of another share it would have done the same.
    if (this.#trial?.site.config !== site.config) this.#trial = newTrial(site, this.#options);
    return this.#trial;
  }
}

type Ended = { readonly exchange: Exchange; readonly recording: RecordedAnswer; readonly outcome: Outcome };
type EndedHit = Omit<Ended, 'recording'> & { readonly entry: Entry };

/** What needs no look at the bodies. */
function judgedAtOnce({ request }: Exchange, entry: Entry, recorded: Recorded): Judgement | undefined {
  const unjudged = (reason: Extract<Judgement, { kind: 'unjudged' }>['reason']): Judgement => ({
    kind: 'unjudged',
    reason,
  });
  if (recorded.kind === 'long') return unjudged('too-large');
  if (recorded.kind === 'failed') return unjudged('no-answer');
  const { answer } = recorded;
  if (answer.status === 304)
    return hasSameValidator(entry, answer) ? { kind: 'same' } : unjudged('not-modified');
  if (request.method === 'HEAD') return unjudged('head');
  const { digest } = markOf(entry);
  if (digest === undefined) return unjudged('unseen');
  const isSame = answer.status === entry.status && digest === digestOf(answer.body);
  return isSame ? { kind: 'same' } : undefined;
}

/** RFC 9110 §15.4.5: a 304 has the ETag that a 200 would have had. */
function hasSameValidator(entry: Entry, { fields }: WholeAnswer): boolean {
  const tagOf = (of: Entry['fields']): string | undefined => combinedValue(of, 'etag')?.replace(/^W\//, '');
  return tagOf(fields) !== undefined && tagOf(fields) === tagOf(entry.fields);
}

function newTrial(site: Site, { clock, newLedger }: ShadowOptions): Trial {
  const evicted = new BoundedMap<string, true>(mostKeys);
  const onEvict = (key: string): void => {
    evicted.set(key, true);
  };
  const stored = new WouldBeStore({ maxBytes: site.config.store.memoryBytes, onEvict });
  const inFull: Site = { ...site, isShadowed: () => false, shareOf: () => everybody };
  return {
    site,
    stored,
    ledger: newLedger(clock.now()),
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
const readOnly = (log: Services['purgeLog'], isReload: boolean): Services['purgeLog'] => ({
  position: () => log.position(),
  verdict: (subject) => log.verdict(isReload ? { ...subject, tags: withoutCopies(subject.tags) } : subject),
  positionAt: (at) => log.positionAt(at),
  meets: (purge) => log.meets(purge),
  append: () => Promise.resolve({ instances: { known: 0, acknowledged: 0 } }),
});

/** The breaker is looked at, and never its probe. */
const playing = ({ health }: Origin, recording: RecordedAnswer): Origin => ({
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
