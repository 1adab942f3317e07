/**
 * Shadow mode: every request is passed, and beside it the pipeline runs a second time, with a store that nobody gets anything
 * from. What it would have given is compared with what the origin gave.
 *
 * Where traffic is heavy, a sample of keys is looked at (`key-sample.ts`); a request that comes again is looked up alone
 * (`remembered-looks.ts`).
 *
 * Promises: the client gets what a pass gives, byte for byte; nothing is stored where a client could get it; the second run
 * asks the origin nothing: it is played the answer that the client got. Only noise is asked about, see `ask-again.ts`.
 */

import { combinedValue } from '../http/fields.ts';
import { between, type Clock, epochMs } from '../kit/time.ts';
import type { Identity } from '../policy/identity/identity.ts';
import { elapsed, type Exchange, type Services, type Shadow, type Site } from '../proxy/exchange/exchange.ts';
import type { Outcome } from '../proxy/exchange/outcome.ts';
import { asksReload, keyedExchange } from '../proxy/exchange/keyed-exchange.ts';
import { nobody } from '../proxy/exchange/reply.ts';
import { fetchInBackground } from '../proxy/fetch/fetch.ts';
import { answerKeyed, doubtOf } from '../proxy/pipeline.ts';
import { type Entry, nameOf } from '../store/store.ts';
import { reasonOf } from '../watch/count/miss-reason.ts';
import type { Adviser } from './advice/open-advice.ts';
import { type AskAgain, askedByPass } from './ask-again.ts';
import type { HitAuditOptions } from './audit.ts';
import type { CredentialCheck } from './credential-check.ts';
import { judge, type Judgement } from './judge.ts';
import type { Look } from './key-sample.ts';
import { patternOf, type Subject } from './ledger.ts';
import type { NoiseBook } from './noise-book.ts';
import { type Recorded, RecordedAnswer, type RecordingRoom, type WholeAnswer } from './recorded-answer.ts';
import { freshCopy, refusalOf, type Remembered } from './remembered-looks.ts';
import { newTrial, playing, readOnly, type Trial } from './shadow-trial.ts';
import { digestOf, markOf } from './would-be-store.ts';
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

/** A copy that is right is evidence for advice so often. */
const adviseEveryMs = 1000;

/** The second pipeline, and what it would have done under the configuration in force. */
export class ShadowPipeline {
  readonly #options: ShadowOptions;
  #trial: Trial | undefined;

  constructor(options: ShadowOptions) {
    this.#options = options;
  }

  /** What was counted since the configuration was put in force; `undefined`: nothing yet. */
  get trial(): Pick<Trial, 'ledger' | 'stored' | 'sample'> | undefined {
    return this.#trial;
  }

  /** Runs beside a pass; gives the exchange that is to be passed. */
  readonly beside: Shadow = (exchange) => {
    // A part of a body says nothing about the rest.
    if (exchange.request.known.range !== undefined) return exchange;
    const trial = this.#trialOf(exchange.site);
    trial.sample.onRequest();
    const name = trial.remembered.nameOf(exchange.request);
    const known = trial.remembered.find(name, exchange);
    return (known && this.#lookAgain(trial, exchange, known)) ?? this.#lookAtAll(trial, exchange, name);
  };

  /** Hears of all outcomes: what is passed for another reason counts as a read that is no hit. */
  onOutcome(outcome: Outcome): void {
    const { clock, writes } = this.#options;
    writes.onOutcome(outcome, clock);
    const { pass, method } = outcome;
    const isRead = method === 'GET' || method === 'HEAD';
    if (isRead && pass !== undefined && pass !== 'shadow')
      this.#trial?.ledger.miss(outcome, reasonOf(outcome));
  }

  /** The same request came before; `undefined`: it goes the whole way again. */
  #lookAgain(trial: Trial, exchange: Exchange, known: Remembered): Exchange | undefined {
    const { sample, ledger, stored, services } = trial;
    const { key, identity, subject } = known;
    const look = sample.look(key);
    if (look === undefined) return exchange;
    const refusal = refusalOf(known, exchange.startedMs);
    if (refusal !== undefined) {
      ledger.miss(subject, refusal, look);
      return exchange;
    }
    if (this.#options.credentialCheck.isDue({ ...exchange, identity })) return undefined;
    const { purgeLog } = exchange.services;
    const entry = freshCopy(known, { store: stored.store, purgeLog, now: exchange.now });
    if (entry === undefined) return undefined;
    if (exchange.site.countsPopularity) services.popularity.record(key, exchange.now);
    stored.store.use(entry);
    const recording = this.#recordingFor(exchange);
    this.#onHit(trial, { exchange, recording, look, subject, entry });
    return overheard(exchange, recording);
  }

  #lookAtAll(trial: Trial, exchange: Exchange, name: string | undefined): Exchange {
    const identity = trial.site.identify(exchange.request, exchange.now);
    if (!(identity instanceof Promise)) return this.#run(trial, exchange, { name, identity }) ?? exchange;
    const recording = this.#recordingFor(exchange);
    // The answer of an error of ours is nobody's; the client's own exchange goes on.
    void identity
      .then((late) => this.#run(trial, exchange, { name, identity: late, recording }))
      .catch(() => undefined);
    return overheard(exchange, recording);
  }

  /** Runs the pipeline, if the key is in the sample; gives the exchange whose answer it waits for. */
  #run(trial: Trial, exchange: Exchange, asked: Asked): Exchange | undefined {
    const { ledger, sample } = trial;
    const inFull = { ...exchange, site: trial.site, reply: nobody, notes: undefined };
    const doubt = doubtOf(inFull, asked.identity);
    if (doubt !== undefined) {
      ledger.miss(subjectOf(exchange), `identity/${doubt}`);
      return undefined;
    }
    const keyed = keyedExchange(inFull, asked.identity);
    const look = sample.look(keyed.plan.key);
    if (look === undefined) return undefined;
    sample.spend(exchange.startedMs);
    const { recording = this.#recordingFor(exchange) } = asked;
    const onFirst = (outcome: Outcome): void => {
      trial.remembered.remember(asked.name, keyed, outcome);
      this.#onWouldBe(trial, { exchange, recording, look }, outcome);
    };
    const services = this.#servicesOf(trial, { exchange, recording, onFirst });
    Promise.resolve(answerKeyed({ ...keyed, services })).catch(() => undefined);
    return overheard(exchange, recording);
  }

  #recordingFor({ site, request }: Exchange): RecordedAnswer {
    return new RecordedAnswer(this.#options.room, {
      limit: site.config.store.maxObjectBytes,
      sentCookies: request.known.cookie !== undefined,
    });
  }

  #servicesOf(trial: Trial, { exchange, recording, onFirst }: Running): Services {
    const { services } = exchange;
    let isFirst = true;
    return {
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
        if (isFirst) onFirst(outcome);
        isFirst = false;
      },
    };
  }

  #onWouldBe(trial: Trial, looked: Looked, outcome: Outcome): void {
    const { entry } = outcome;
    this.#options.adviser.onOutcome(outcome);
    if (outcome.kind === 'hit' && entry !== undefined)
      this.#onHit(trial, { ...looked, subject: outcome, entry });
    else trial.ledger.miss(outcome, reasonOf(outcome), looked.look);
  }

  #onHit(trial: Trial, hit: WouldBeHit): void {
    const { exchange, recording, subject, look } = hit;
    recording.onOver((recorded) => {
      trial.ledger.hit(subject, elapsed(exchange), look);
      const judged = this.#judge(trial, hit, recorded);
      if (judged instanceof Promise) void judged.then((late) => this.#tell(trial, hit, late));
      else this.#tell(trial, hit, judged);
    });
  }

  #judge(
    trial: Trial,
    { exchange, subject, entry }: WouldBeHit,
    recorded: Recorded,
  ): Judgement | Promise<Judgement> {
    const { askAgain, noise, writes, clock } = this.#options;
    const { digest } = markOf(entry);
    const body = digest === undefined ? undefined : trial.stored.sampled(digest);
    const soon = judgedAtOnce(exchange, { entry, digest, body }, recorded);
    if (soon !== undefined || recorded.kind !== 'whole')
      return soon ?? { kind: 'unjudged', reason: 'no-answer' };
    return judge(
      { noise, writes, clock },
      {
        pattern: patternOf(subject),
        copy: { status: entry.status, body },
        answer: recorded.answer,
        again: () => askAgain.ask(exchange, askedByPass(exchange)),
      },
    );
  }

  #tell({ ledger, rightAt }: Trial, hit: WouldBeHit, judgement: Judgement): void {
    const { exchange, subject, entry, look } = hit;
    const { writes, adviser, onJudged } = this.#options;
    onJudged(subject, judgement.kind);
    const { now } = exchange;
    const name = nameOf(entry);
    const known = rightAt.get(name);
    const since = known === undefined || known < entry.requestTime ? entry.requestTime : known;
    if (judgement.kind === 'same' || judgement.kind === 'noise') rightAt.set(name, now);
    // Of what was asked for at the same instant nobody knows which came first.
    const seen = writes.after(epochMs(since - 1), 3);
    const cause = seen.length > 0 ? 'write' : 'time';
    ledger.judged(subject, judgement, { cause, from: entry.requestTime, at: now, weight: look.weight });
    const isNews = judgement.kind !== 'same' || now - since >= adviseEveryMs;
    if (isNews) adviser.onJudged(exchange, entry, judgement);
    if (judgement.kind !== 'stale') return;
    const { places } = judgement;
    const age = between(entry.responseTime, now);
    ledger.example({ at: now, subject, age, cause, rightAt: since, writes: seen, places });
  }

  #trialOf(site: Site): Trial {
    // Of another share it would have done the same.
    if (this.#trial?.site.config !== site.config)
      this.#trial = newTrial(site, this.#options.newLedger(this.#options.clock.now()));
    return this.#trial;
  }
}

/** `name`: what it is remembered by. */
type Asked = {
  readonly name: string | undefined;
  readonly identity: Identity;
  readonly recording?: RecordedAnswer;
};
type Running = Pick<Looked, 'exchange' | 'recording'> & { readonly onFirst: (outcome: Outcome) => void };
type Looked = { readonly exchange: Exchange; readonly recording: RecordedAnswer; readonly look: Look };
type WouldBeHit = Looked & { readonly subject: Subject; readonly entry: Entry };

const overheard = (exchange: Exchange, recording: RecordedAnswer): Exchange => ({
  ...exchange,
  overheardBy: (client) => recording.before(client),
});

const subjectOf = ({ match, request: { path, query } }: Exchange): Subject => ({
  contentType: match.contentType.name,
  route: match.route?.pattern,
  target: query === undefined ? path : `${path}?${query}`,
});

/** `digest` and `body` of what would have been given, as far as they are known. */
type Copy = {
  readonly entry: Entry;
  readonly digest: string | undefined;
  readonly body: Buffer | undefined;
};

/** What needs no look at where the bodies differ. */
function judgedAtOnce(
  { request }: Exchange,
  { entry, digest, body }: Copy,
  recorded: Recorded,
): Judgement | undefined {
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
  if (digest === undefined) return unjudged('unseen');
  // The bytes themselves, where they are at hand, are compared sooner than digested.
  const isSame = body === undefined ? digest === digestOf(answer.body) : body.equals(answer.body);
  return isSame && answer.status === entry.status ? { kind: 'same' } : undefined;
}

/** RFC 9110 §15.4.5: a 304 has the ETag that a 200 would have had. */
function hasSameValidator(entry: Entry, { fields }: WholeAnswer): boolean {
  const tagOf = (of: Entry['fields']): string | undefined => combinedValue(of, 'etag')?.replace(/^W\//, '');
  return tagOf(fields) !== undefined && tagOf(fields) === tagOf(entry.fields);
}
