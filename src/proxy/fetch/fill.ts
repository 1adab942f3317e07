/**
 * One exchange with the origin for the store: its answer goes to the client as it comes, and into the store when it is whole,
 * also when its client has left, as long as somebody may want it.
 *
 * Promises: Set-Cookie reaches the client that caused it and nobody else (DESIGN §3.5); only what is whole is stored, a
 * body cut short upstream is cut short downstream (§3.6); what was purged while it was under way is not stored (§3.7).
 */

import { cacheStatusValue, type CacheStatus } from '../../http/cache-status.ts';
import { fieldLines } from '../../http/fields.ts';
import type { Fields } from '../../http/message.ts';
import { notModifiedFields } from '../../http/validators.ts';
import { type EpochMs, runAfter } from '../../kit/time.ts';
import type { FailureReason, OriginFailure } from '../../origin/failure.ts';
import type { OriginExchange, OriginHead, OriginReceiver } from '../../origin/exchange.ts';
import type { Entry } from '../../store/store.ts';
import { ClientSide } from './client-side.ts';
import type { CacheExchange } from '../exchange/exchange.ts';
import { dropStored, giveUpStoring, hasWaiters, letGo } from './beside-others.ts';
import {
  conditionOf,
  finishedEntry,
  isTrouble,
  mayAnswerCondition,
  mustHold,
  planFill,
} from './fill-decisions.ts';
import type { FillInput } from './fill-input.ts';
import { type End, FillReport, type Told } from './fill-report.ts';
import { type KeptBody, keptBodyFor } from './kept-body.ts';
import type { NotStoredReason } from '../exchange/outcome.ts';
import { isRestOf } from './partial-content.ts';
import { type Renewal, renewBy304 } from './renew-entry.ts';
import { applyHead, settle, settleRenewal } from './settle.ts';
import { asDelivered } from './store-entry.ts';
import { standInFor, type Trouble } from '../hit/stand-in.ts';
import { headTimes, planStorage, type StoragePlan, type StoredHead } from './storing.ts';
import { fetchFields } from '../exchange/upstream-fields.ts';

/** Starts a fetch; resolves when it is over. */
export function startFill(input: FillInput): Promise<void> {
  return new Promise((resolve) => {
    new Fill(input, resolve).start();
  });
}

type Forward = Extract<CacheStatus, { kind: 'forward' }>;

class Fill implements OriginReceiver {
  readonly #input: FillInput;
  readonly #exchange: CacheExchange;
  readonly #onOver: () => void;
  readonly #requestTime: EpochMs;
  readonly #client: ClientSide;
  readonly #report: FillReport;
  #origin: OriginExchange | undefined;
  #head: (StoredHead & { readonly reasonPhrase: string }) | undefined;
  #plan: StoragePlan = { kind: 'no', reason: 'not-asked', clause: undefined };
  /** The body so far, while it is kept. */
  #kept: KeptBody | undefined;
  #notStored: NotStoredReason | undefined;
  /** What it was stored as, or what stood in. */
  #entry: Entry | undefined;
  /** Fields sent in place of the client's own preconditions and range. */
  #condition: Fields | undefined;
  #stopWaiting: (() => void) | undefined;

  constructor(input: FillInput, onOver: () => void) {
    this.#input = input;
    this.#exchange = input.exchange;
    this.#onOver = onOver;
    this.#requestTime = input.exchange.parts.clock.now();
    this.#report = new FillReport(input, this.#requestTime);
    const onDrain = (): void => this.#origin?.resume();
    const onGone = (wasStreaming: boolean): void => {
      const mayBeStored = this.#kept !== undefined || (!wasStreaming && input.flight !== undefined);
      if (!mayBeStored) this.#origin?.abort();
    };
    this.#client = new ClientSide(input.exchange, input.isBackground ? undefined : { onDrain, onGone });
  }

  start(): void {
    const { parts, target } = this.#exchange;
    this.#condition = conditionOf(this.#input);
    this.#limitPatience();
    const fields = fetchFields(this.#exchange, this.#condition);
    const sent = { method: this.#input.terms.method, target, fields, probe: this.#input.probe };
    this.#origin = parts.origin.send(sent, this);
  }

  onInformation(status: number, fields: Fields): void {
    this.#client.information(status, fields);
  }

  onHead({ status, fields, framing, reasonPhrase }: OriginHead): void {
    const { stored, completes, isBackground } = this.#input;
    const { parts } = this.#exchange;
    const times = headTimes(parts.clock, this.#requestTime);
    const head = { status, fields, reasonPhrase, ...times };
    this.#head = head;
    this.#stopWaiting?.();
    parts.learnSession(this.#exchange, fieldLines(fields, 'set-cookie'));
    if (stored !== undefined && status === 304) {
      this.#renewed(renewBy304(this.#input.terms, { stored, head, asOf: this.#input.asOf }), stored);
    } else if (stored !== undefined && isTrouble(status, isBackground) && this.#standIn(stored, 'error')) {
      this.#input.flight?.end({ kind: 'failed', failure: { reason: 'error-status', status } });
      this.#notStored = 'not-asked';
      this.#origin?.abort();
    } else if (completes !== undefined && (status === 206 || status === 416)) {
      if (isRestOf(completes, head)) this.#takeRest(head);
      else this.#refetch();
    } else this.#fullHead(head, framing);
  }

  onData(chunk: Buffer): boolean {
    const isTaken = this.#client.write(chunk);
    const isForOne = !this.#client.isDone && !hasWaiters(this.#input);
    const fate = this.#kept?.add(chunk, { isTaken, isForOne }) ?? 'kept';
    if (fate !== 'kept') this.#stopKeeping(fate);
    return this.#kept !== undefined || isTaken;
  }

  onEnd(trailers: Fields): void {
    if (this.#client.isHandedOver) return;
    const body = this.#kept?.whole();
    const entry = body === undefined ? undefined : this.#entryOf(body);
    const settled = settle(this.#input, entry, (objection) => {
      this.#notStored = objection;
      if (objection === undefined) this.#entry = entry;
    });
    if (this.#client.isHolding && entry !== undefined) {
      this.#give(entry, this.#head?.status === 206 ? { fwdStatus: 206 } : {});
    } else this.#letFlow(body === undefined ? [] : [body]);
    this.#client.end(trailers);
    const over = (): void => this.#over({ kind: 'forward', failure: undefined });
    if (settled === undefined) over();
    else void settled.then(over);
  }

  onFailure(failure: OriginFailure): void {
    if (this.#client.isHandedOver) return;
    const { stored } = this.#input;
    this.#stopWaiting?.();
    letGo(this.#input, { kind: 'failed', failure });
    const { reason } = failure;
    if (!(this.#client.isUntold && stored !== undefined && this.#standIn(stored, 'disconnected', reason))) {
      this.#notStored ??= 'truncated';
      this.#client.fail(failure, this.#cacheStatus({ stored: false, detail: reason }));
    }
    this.#over({ kind: reason === 'aborted' ? 'forward' : 'failed', failure: reason });
  }

  /** `stale_after`: a client that has waited so long gets the stale copy, while the fetch goes on. */
  #limitPatience(): void {
    const { stored, exchange } = this.#input;
    const { staleAfter } = exchange.match.contentType;
    if (stored === undefined || staleAfter === undefined || !this.#client.isWaiting) return;
    this.#stopWaiting = runAfter(staleAfter, () => {
      this.#standIn(stored, 'slow');
    });
  }

  /** A final response other than a 304, or a failure that a stored response stands in for. */
  #fullHead(head: StoredHead & { reasonPhrase: string }, framing: OriginHead['framing']): void {
    applyHead(this.#input, head);
    this.#plan = planFill(this.#input.terms, head, framing);
    if (this.#plan.kind === 'yes') this.#kept = this.#keep(head);
    else this.#giveUp(this.#plan.reason);
    if (this.#client.isWaiting) this.#answer(head);
    else if (this.#kept === undefined) this.#origin?.abort();
  }

  #answer(head: StoredHead & { reasonPhrase: string }): void {
    // On `standard` the client's own conditions and range have gone to the origin, unless ours took their place.
    const { request, match } = this.#exchange;
    const { kind, etag } = match.contentType;
    const wasAsked = kind === 'standard' && this.#condition === undefined;
    if (mayAnswerCondition(request, head, wasAsked)) {
      this.#client.notModified(notModifiedFields(head.fields), this.#cacheStatus({ fwdStatus: head.status }));
      if (this.#kept === undefined) this.#origin?.abort();
    } else if (this.#kept === undefined) this.#client.stream(head, this.#cacheStatus({}));
    else if (mustHold({ known: request.known, makesEtag: etag }, head, wasAsked)) this.#client.hold();
    else this.#client.stream(asDelivered(this.#input.terms, head), this.#cacheStatus({}));
  }

  #stopKeeping(reason: 'too-large' | 'no-room'): void {
    this.#giveUp(reason);
    this.#letFlow(this.#kept?.chunks ?? []);
    this.#kept?.free(this.#exchange.reply);
    this.#kept = undefined;
    if (this.#client.isDone) this.#origin?.abort();
  }

  /** A client that was to have the whole gets it as it came. */
  #letFlow(chunks: readonly Buffer[]): void {
    if (!this.#client.isHolding || this.#head === undefined) return;
    this.#client.stream(this.#head, this.#cacheStatus({}));
    for (const chunk of chunks) this.#client.write(chunk);
  }

  /** The rest of a stored part is coming: the client gets the whole when it is there. */
  #takeRest(head: StoredHead): void {
    this.#plan = planStorage(this.#input.terms, head);
    if (this.#plan.kind === 'no') this.#refetch();
    else {
      this.#kept = this.#keep(head);
      this.#client.hold();
    }
  }

  #entryOf(body: Buffer): Entry | undefined {
    if (this.#plan.kind !== 'yes' || this.#head === undefined) return undefined;
    const { parts, plan } = this.#exchange;
    const around = { now: parts.clock.now(), variants: parts.store.peek(plan.key) };
    const input = { head: this.#head, plan: this.#plan, body, asOf: this.#input.asOf, ...around };
    const made = finishedEntry(this.#input.terms, input);
    if (made.kind === 'entry') return made.entry;
    this.#giveUp(made.reason);
    return undefined;
  }

  #keep({ fields }: StoredHead): KeptBody {
    const { parts, site } = this.#exchange;
    return keptBodyFor(parts.bodyRoom, { limit: site.config.store.maxObjectBytes, fields });
  }

  /** The stored response is validated, or must go; either way the client gets what it is now. */
  #renewed(renewal: Renewal, stored: Entry): void {
    if (renewal.kind === 'other') {
      dropStored(this.#exchange, stored);
      this.#refetch();
      return;
    }
    this.#notStored = settleRenewal(this.#input, renewal, stored);
    const isKept = this.#notStored === undefined;
    if (isKept) this.#entry = renewal.entry;
    this.#give(renewal.entry, { fwdStatus: 304, stored: isKept });
  }

  /** Gives the client an entry just stored or validated, with the cookies its answer set. */
  #give(entry: Entry, more: Partial<Forward>): void {
    const setCookies = fieldLines(this.#head?.fields ?? [], 'set-cookie');
    const cacheStatus = this.#forwardStatus(more);
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

  /** Gives the client the stored response in place of the origin's trouble, where that is allowed. */
  #standIn(stored: Entry, trouble: Trouble, failure?: FailureReason): boolean {
    if (this.#input.isBackground) return true;
    const { directives, parts } = this.#exchange;
    const may = standInFor(stored, directives, { now: parts.clock.now(), trouble });
    if (may === undefined) return false;
    const { age, ttl, detail } = may;
    const answered = this.#head && { fwdStatus: this.#head.status };
    const cacheStatus = this.#forwardStatus({ ttl, detail, stored: false, ...answered });
    this.#entry = stored;
    this.#client.fromEntry(stored, { cacheStatus, age });
    this.#report.tell({ ...this.#told(), cacheStatus }, { kind: 'forward', failure });
    return true;
  }

  #giveUp(reason: NotStoredReason): void {
    this.#notStored = reason;
    giveUpStoring(this.#input, { status: this.#head?.status ?? 500, reason });
  }

  #forwardStatus(more: Partial<Forward>): Forward {
    const stored = this.#kept !== undefined && this.#notStored === undefined;
    const why = this.#notStored === undefined ? {} : { detail: this.#notStored };
    return { kind: 'forward', fwd: this.#input.fwd, stored, ...why, ...more };
  }

  #cacheStatus(more: Partial<Forward>): string {
    return cacheStatusValue(this.#forwardStatus(more));
  }

  #told(): Told {
    const cacheStatus = this.#forwardStatus({});
    return { status: this.#client.status, cacheStatus, entry: this.#entry, notStored: this.#notStored };
  }

  #over(end: End): void {
    this.#report.over(this.#told(), { end, status: this.#head?.status });
    this.#kept?.free(this.#exchange.reply);
    this.#client.leave();
    this.#onOver();
  }
}
