/**
 * The audit: of the hits that clients get, a sample is asked for at the origin as well, afterwards. Where the copy was not
 * what the origin gives, it was stale.
 *
 * Promises: no client waits for it, and each has got its answer as if nobody picked it; the origin is asked as it would be for the
 * store, with the same identity, behind all other background work, and not while it is in trouble; a copy that a purge ends
 * meanwhile counts for nothing.
 */

import { codingsOf } from '../http/content-coding.ts';
import { between, type Clock, epochMs, type EpochMs, type Seconds } from '../kit/time.ts';
import { decodeWhole } from '../proxy/fetch/coded-bodies.ts';
import type { Audit, CacheExchange, Site } from '../proxy/exchange/exchange.ts';
import { fetchFields } from '../proxy/exchange/upstream-fields.ts';
import { plainForm } from '../proxy/hit/stored-form.ts';
import type { Entry } from '../store/store.ts';
import type { Adviser } from './advice/open-advice.ts';
import type { AskAgain } from './ask-again.ts';
import type { CredentialCheck } from './credential-check.ts';
import { type Case, judge, type Judgement } from './judge.ts';
import { type Ledger, patternOf, type Subject } from './ledger.ts';
import type { NoiseBook } from './noise-book.ts';
import type { WholeAnswer } from './recorded-answer.ts';
import { urlPattern } from './url-pattern.ts';
import type { WritesSeen } from './writes-seen.ts';

export type HitAuditOptions = {
  readonly clock: Clock;
  readonly askAgain: AskAgain;
  readonly noise: NoiseBook;
  readonly writes: WritesSeen;
  /** Uniform in [0, 1). */
  readonly dice: () => number;
  readonly credentialCheck: CredentialCheck;
  readonly adviser: Pick<Adviser, 'onJudged'>;
  readonly onJudged: (subject: Subject, kind: Judgement['kind']) => void;
  readonly newLedger: (since: EpochMs) => Ledger;
};

/** The copies that are kept until the origin has answered. */
const mostKeptBytes = 16 * 1024 * 1024;
/** A larger one is not decoded: everybody would wait for it. */
const largestDecoded = 256 * 1024;

/** Picks hits, and has them judged. */
export class HitAudit implements Audit {
  readonly ledger: Ledger;
  readonly #options: HitAuditOptions;
  #site: Site | undefined;
  /** How many hits until the next that is picked. */
  #left = 0;
  #keptBytes = 0;

  constructor(options: HitAuditOptions) {
    this.#options = options;
    this.ledger = options.newLedger(options.clock.now());
  }

  isNext(site: Site): boolean {
    if (site !== this.#site) {
      this.#site = site;
      this.#left = this.#distance();
    }
    this.#left -= 1;
    if (this.#left > 0) return false;
    this.#left = this.#distance();
    return true;
  }

  onPicked(exchange: CacheExchange, entry: Entry, age: Seconds): void {
    this.#options.credentialCheck.consider(exchange);
    const { length } = entry.body;
    const isWhole = exchange.request.method === 'GET' && entry.part === undefined;
    if (!isWhole || this.#keptBytes + length > mostKeptBytes) return;
    this.#keptBytes += length;
    void this.#check(exchange, entry, age).finally(() => {
      this.#keptBytes -= length;
    });
  }

  /** Geometric, so that each hit is as likely as any other. */
  #distance(): number {
    const sample = this.#site?.config.audit?.sample ?? 0;
    if (sample === 0) return Infinity;
    return sample === 1 ? 1 : 1 + Math.floor(Math.log(1 - this.#options.dice()) / Math.log(1 - sample));
  }

  async #check(exchange: CacheExchange, entry: Entry, age: Seconds): Promise<void> {
    const { askAgain, writes, onJudged, clock, adviser } = this.#options;
    const subject = subjectOf(exchange, entry, age);
    const asked = { target: exchange.target, fields: fetchFields(exchange, []) };
    const again = (): Promise<WholeAnswer | undefined> => askAgain.ask(exchange, asked);
    const judgement = await this.#judge(exchange, { entry, answer: await again(), again, subject });
    const seen = writes.after(epochMs(entry.requestTime - 1), 3);
    const cause = seen.length > 0 ? 'write' : 'time';
    this.ledger.hit(subject, entry.originSeconds);
    this.ledger.judged(subject, judgement, { cause, from: entry.requestTime, at: clock.now() });
    onJudged(subject, judgement.kind);
    adviser.onJudged(exchange, entry, judgement);
    if (judgement.kind !== 'stale') return;
    const at = clock.now();
    const { places } = judgement;
    const copied = between(entry.responseTime, at);
    this.ledger.example({
      at,
      subject,
      age: copied,
      cause,
      rightAt: entry.requestTime,
      writes: seen,
      places,
    });
  }

  #judge(
    { services }: CacheExchange,
    { entry, answer, again, subject }: Checked,
  ): Judgement | Promise<Judgement> {
    const { noise, writes, clock } = this.#options;
    const isEnded = services.purgeLog.verdict(entry).kind !== 'current';
    if (isEnded) return { kind: 'unjudged', reason: 'ended' };
    if (answer === undefined) return { kind: 'unjudged', reason: 'no-answer' };
    const { status } = entry;
    const body = bodyOf(entry);
    if (body === undefined && status === answer.status) return { kind: 'unjudged', reason: 'not-comparable' };
    return judge(
      { noise, writes, clock },
      { pattern: patternOf(subject), copy: { status, body }, answer, again },
    );
  }
}

type Checked = Pick<Case, 'again'> & {
  readonly entry: Entry;
  readonly answer: WholeAnswer | undefined;
  readonly subject: Subject;
};

function subjectOf({ match, target }: CacheExchange, { policy }: Entry, age: Seconds): Subject {
  const lived = (age + policy.initialAge) / policy.lifetime;
  const { contentType, route } = match;
  return {
    contentType: contentType.name,
    route: route?.pattern,
    target,
    pattern: urlPattern(target),
    age: agePart(lived),
  };
}

/** How much of its lifetime a copy had behind it. */
function agePart(lived: number): string {
  if (lived > 1) return 'stale';
  return lived > 0.75 ? '75–100 %' : lived > 0.5 ? '50–75 %' : lived > 0.25 ? '25–50 %' : '0–25 %';
}

/** The body without codings; `undefined`: it cannot be decoded, or is not. */
function bodyOf(entry: Entry): Buffer | undefined {
  const codings = codingsOf(entry.fields);
  if (entry.coding === undefined && codings.length === 0) return entry.body;
  if (entry.body.length > largestDecoded) return undefined;
  return decodeWhole(plainForm(entry).body, codings, 8 * largestDecoded);
}
