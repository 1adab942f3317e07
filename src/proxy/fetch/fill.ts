/**
 * One call of the origin for the store: its answer goes to the client as it comes, and into the store when it is whole,
 * also when its client has left, as long as somebody may want it.
 *
 * Promises: Set-Cookie reaches the client that caused it and nobody else (DESIGN §3.5); only what is whole is stored, a
 * body cut short upstream is cut short downstream (§3.6); what was purged meanwhile is not stored (§3.7).
 */

import { fieldLines } from '../../http/fields.ts';
import type { Fields } from '../../http/message.ts';
import { notModifiedFields } from '../../http/validators.ts';
import type { EpochMs } from '../../kit/time.ts';
import type { FailureReason, OriginFailure } from '../../origin/failure.ts';
import type { OriginCall, OriginHead, OriginReceiver } from '../../origin/call.ts';
import { leavesStored } from '../../origin/trouble.ts';
import type { Entry } from '../../store/store.ts';
import { ClientSide } from './client-side.ts';
import type { CacheExchange } from '../exchange/exchange.ts';
import { Abandoned } from './abandoned.ts';
import { dropStored, giveUpStoring, letGo, whenSlow } from './beside-others.ts';
import { answerBy, conditionOf, planFill, sharedEntry } from './fill-decisions.ts';
import type { BodyListener } from './body-bounds.ts';
import { FillBody } from './fill-body.ts';
import type { FillInput } from './fill-input.ts';
import { type End, FillOutcome } from './fill-outcome.ts';
import type { NotStoredReason } from '../exchange/outcome.ts';
import { isRestOf } from './partial-content.ts';
import { type Renewal, renewBy304 } from './renew-entry.ts';
import { tellNotModified } from './renewed-copy.ts';
import { applyHead, conclude, concludeRenewal, entryOf } from './conclude.ts';
import { asDelivered } from './store-entry.ts';
import { standInFor, type Trouble } from '../hit/stand-in.ts';
import { headTimes, planStorage, type StoragePlan, type StoredHead } from './storing.ts';
import { sentTarget } from '../exchange/keyed-exchange.ts';
import { fetchFields } from '../exchange/upstream-fields.ts';

/** Starts a fetch; resolves when it is over. */
export function startFill(input: FillInput): Promise<void> {
  return new Promise((resolve) => {
    new Fill(input, resolve).start();
  });
}

class Fill implements OriginReceiver, BodyListener {
  readonly #input: FillInput;
  readonly #exchange: CacheExchange;
  readonly #onOver: () => void;
  readonly #requestTime: EpochMs;
  readonly #client: ClientSide;
  readonly #body: FillBody;
  readonly #abandoned: Abandoned;
  readonly #outcome: FillOutcome;
  #origin: OriginCall | undefined;
  #head: (StoredHead & { readonly reasonPhrase: string }) | undefined;
  #plan: StoragePlan = { kind: 'no', reason: 'not-asked', clause: undefined };
  #condition: Fields | undefined;
  #stopWaiting: (() => void) | undefined;

  constructor(input: FillInput, onOver: () => void) {
    this.#input = input;
    this.#exchange = input.exchange;
    this.#onOver = onOver;
    this.#requestTime = input.exchange.services.clock.now();
    this.#outcome = new FillOutcome(input, this.#requestTime);
    const { isBackground, exchange, flight } = input;
    const hooks = { onDrain: (): void => this.#origin?.resume(), onGone: this.#left };
    this.#client = new ClientSide(exchange, isBackground ? undefined : hooks);
    this.#body = new FillBody(input, this.#client);
    this.#abandoned = new Abandoned(exchange, () => this.#origin?.abort());
    if (flight !== undefined) flight.info.onLeft = this.#left;
  }

  start(): void {
    this.#condition = conditionOf(this.#input);
    this.#stopWaiting = this.#client.isWaiting
      ? whenSlow(this.#input, (entry) => this.#standIn(entry, 'slow'))
      : undefined;
    const { terms, probe } = this.#input;
    const fields = fetchFields(this.#exchange, this.#condition);
    const sent = { method: terms.method, target: sentTarget(this.#exchange), fields, probe };
    this.#origin = this.#exchange.services.origin.send(sent, this);
  }

  onInformation(status: number, fields: Fields): void {
    this.#client.information(status, fields);
  }

  onHead({ status, fields, framing, reasonPhrase }: OriginHead): void {
    const { stored, completes, isBackground } = this.#input;
    const { services } = this.#exchange;
    const times = headTimes(services.clock, this.#requestTime);
    const head = { status, fields, reasonPhrase, ...times };
    this.#head = head;
    this.#stopWaiting?.();
    services.learnSession(this.#exchange, fieldLines(fields, 'set-cookie'));
    if (stored !== undefined && status === 304) {
      this.#renewed(renewBy304(this.#input.terms, { stored, head, asOf: this.#input.asOf }), stored);
    } else if (stored !== undefined && leavesStored(status, isBackground) && this.#standIn(stored, 'error')) {
      this.#input.flight?.end({ kind: 'failed', failure: { reason: 'error-status', status } });
      this.#outcome.notStored = 'not-asked';
      this.#origin?.abort();
    } else if (completes !== undefined && (status === 206 || status === 416)) {
      if (isRestOf(completes, head)) this.#takeRest(head);
      else this.#refetch();
    } else this.#fullHead(head, framing);
  }

  onData(chunk: Buffer): boolean {
    const { isTaken, fate } = this.#body.add(chunk);
    if (fate !== 'kept') this.#stopKeeping(fate);
    return this.#body.isKept || isTaken;
  }

  onEnd(trailers: Fields): void {
    if (this.#client.isHandedOver) return;
    this.#body.closeToOthers();
    const body = this.#body.whole();
    const entry = body === undefined ? undefined : this.#entryOf(body);
    const concluded = conclude(this.#input, entry, (objection) => {
      this.#outcome.notStored = objection;
      if (objection === undefined) this.#outcome.entry = entry;
    });
    if (this.#client.isHolding && entry !== undefined) {
      this.#give(entry, this.#head?.status === 206 ? { fwdStatus: 206 } : {});
    } else this.#letFlow(body === undefined ? [] : [body]);
    this.#client.end(trailers);
    this.#body.end(trailers);
    const over = (): void => this.#over({ kind: 'forward', failure: undefined });
    if (concluded === undefined) over();
    else void concluded.then(over);
  }

  onFailure(failure: OriginFailure): void {
    if (this.#client.isHandedOver) return;
    const { stored } = this.#input;
    this.#stopWaiting?.();
    letGo(this.#input, { kind: 'failed', failure });
    const { reason } = failure;
    if (!(this.#client.isUntold && stored !== undefined && this.#standIn(stored, 'disconnected', reason))) {
      this.#outcome.notStored ??= 'truncated';
      this.#client.fail(failure, this.#outcome.cacheStatus({ stored: false, detail: reason }));
    }
    this.#body.fail(failure);
    this.#over({ kind: reason === 'aborted' ? 'forward' : 'failed', failure: reason });
  }

  /** Also a failure that a stored response does not stand in for. */
  #fullHead(head: StoredHead & { reasonPhrase: string }, framing: OriginHead['framing']): void {
    applyHead(this.#input, head);
    if (head.status === 304) tellNotModified(this.#exchange, head.fields);
    const { known } = this.#exchange.request;
    this.#plan = planFill(this.#input.terms, head, { framing, known, condition: this.#condition });
    if (this.#plan.kind === 'yes') this.#keep(head);
    else this.#giveUp(this.#plan.reason);
    if (this.#client.isWaiting) this.#answer(head);
    else if (!this.#body.isKept) this.#origin?.abort();
  }

  #answer(head: StoredHead & { reasonPhrase: string }): void {
    // On `standard` they have gone to the origin, unless ours took their place.
    const { request, match } = this.#exchange;
    const wasAsked = match.contentType.kind === 'standard' && this.#condition === undefined;
    const way = answerBy({ request, makesEtag: match.contentType.etag, wasAsked }, head);
    if (way === 'not-modified') {
      const cacheStatus = this.#outcome.cacheStatus({ fwdStatus: head.status });
      this.#client.notModified(notModifiedFields(head.fields), cacheStatus);
      if (!this.#body.isKept) this.#origin?.abort();
    } else if (!this.#body.isKept) this.#client.stream(head, this.#outcome.cacheStatus({}));
    else if (way === 'hold') this.#client.hold();
    else this.#client.stream(asDelivered(this.#input.terms, head), this.#outcome.cacheStatus({}));
  }

  #stopKeeping(reason: 'too-large' | 'no-room' | 'slow-body'): void {
    const { chunks } = this.#body;
    this.#body.free();
    this.#outcome.isKept = false;
    this.#giveUp(reason);
    if (this.#client.isHolding && this.#isRest()) {
      this.#refetch();
      return;
    }
    this.#letFlow(chunks);
    if (this.#client.isDone && !this.#body.hasFollowers) this.#origin?.abort();
  }

  /** A client that was to have the whole gets it as it came. */
  #letFlow(chunks: readonly Buffer[]): void {
    if (!this.#client.isHolding || this.#head === undefined) return;
    this.#client.stream(this.#head, this.#outcome.cacheStatus({}));
    for (const chunk of chunks) this.#client.write(chunk);
  }

  /** The rest of a stored part is coming: the client gets the whole when it is there. */
  #takeRest(head: StoredHead): void {
    this.#plan = planStorage(this.#input.terms, head);
    if (this.#plan.kind === 'no') this.#refetch();
    else {
      this.#keep(head);
      this.#client.hold();
    }
  }

  #entryOf(body: Buffer): Entry | undefined {
    if (this.#plan.kind !== 'yes' || this.#head === undefined) return undefined;
    const made = entryOf(this.#input, { head: this.#head, plan: this.#plan, body });
    if (made.kind === 'entry') return made.entry;
    this.#giveUp(made.reason);
    return undefined;
  }

  #keep({ fields }: StoredHead): void {
    this.#outcome.isKept = true;
    this.#body.keep(fields, this);
  }

  /** Those who wait go themselves where only the whole body tells whether they may have it. */
  onShare(): void {
    if (this.#plan.kind === 'no' || this.#head === undefined) return;
    const resume = (): void => this.#origin?.resume();
    const entry = sharedEntry(this.#input, { head: this.#head, plan: this.#plan });
    if (entry === undefined) letGo(this.#input);
    else this.#body.share(entry, { onLeft: this.#left, resume });
  }

  onFlow(): void {
    if (!this.#isRest()) this.#letFlow(this.#body.chunks);
  }

  onSlow(): void {
    this.#stopKeeping('slow-body');
  }

  #isRest(): boolean {
    return this.#input.completes !== undefined && this.#head?.status === 206;
  }

  /** What nobody needs ends at the origin, or goes on for a while for the store. */
  readonly #left = (): void => {
    const mayBeStored = this.#body.isKept || (this.#head === undefined && this.#input.flight !== undefined);
    const may = this.#abandoned.mayGoOn({ isNeeded: () => this.#body.isNeeded, mayBeStored });
    if (!may) this.#origin?.abort();
  };

  /** The stored response is validated, or must go; either way the client gets what it is now. */
  #renewed(renewal: Renewal, stored: Entry): void {
    if (renewal.kind === 'other') {
      dropStored(this.#exchange, stored);
      this.#refetch();
      return;
    }
    this.#outcome.notStored = concludeRenewal(this.#input, renewal, stored);
    const isKept = this.#outcome.notStored === undefined;
    if (isKept) this.#outcome.entry = renewal.entry;
    this.#give(renewal.entry, { fwdStatus: 304, stored: isKept });
  }

  /** With the cookies that the answer set. */
  #give(entry: Entry, more: Parameters<FillOutcome['forwardStatus']>[0]): void {
    const setCookies = fieldLines(this.#head?.fields ?? [], 'set-cookie');
    const cacheStatus = this.#outcome.forwardStatus(more);
    this.#client.fromEntry(entry, { cacheStatus, age: entry.policy.initialAge, setCookies });
  }

  /** The answer was not about what is stored: ask again, without a condition. */
  #refetch(): void {
    const isBackground = this.#client.isDone;
    this.#client.handOver();
    this.#origin?.abort();
    const input = { ...this.#input, stored: undefined, completes: undefined, isBackground };
    void startFill(input).then(this.#onOver);
  }

  /** In place of the origin's trouble, where that is allowed. */
  #standIn(stored: Entry, trouble: Trouble, failure?: FailureReason): boolean {
    if (this.#input.isBackground) return true;
    const { directives, services } = this.#exchange;
    const may = standInFor(stored, directives, { now: services.clock.now(), trouble });
    if (may === undefined) return false;
    const { age, ttl, detail } = may;
    const answered = this.#head && { fwdStatus: this.#head.status };
    const more = { ttl, detail, stored: false, ...answered };
    this.#outcome.entry = stored;
    this.#client.fromEntry(stored, { cacheStatus: this.#outcome.forwardStatus(more), age });
    this.#outcome.tell(this.#client.status, { kind: 'forward', failure }, more);
    return true;
  }

  #giveUp(reason: NotStoredReason): void {
    this.#outcome.notStored = reason;
    giveUpStoring(this.#input, { status: this.#head?.status ?? 500, reason });
  }

  #over(end: End): void {
    this.#outcome.over(this.#client.status, { end, status: this.#head?.status });
    this.#body.free();
    this.#abandoned.leave();
    this.#client.leave();
    this.#onOver();
  }
}
