/**
 * Relays a request that is not for the cache: one call of the origin, piece by piece, at the pace of the slower side.
 *
 * Promises: a write's answer, or that of a GET that may act or asks for the newest, is held until what it made stale is ended; a
 * failure before the first piece of the body is told, a later one cuts the answer.
 */

import { type CacheStatus, cacheStatusValue } from '../../http/cache-status.ts';
import { fieldLines } from '../../http/fields.ts';
import { isUnsafeMethod } from '../../http/invalidation.ts';
import type { Fields } from '../../http/message.ts';
import { targetText } from '../../http/path-spelling.ts';
import { seconds } from '../../kit/time.ts';
import type { OriginFailure } from '../../origin/failure.ts';
import type { OriginCall, OriginHead, OriginReceiver } from '../../origin/call.ts';
import type { IdentityDoubt } from '../../policy/identity/identity.ts';
import { bodiesAsked } from '../../policy/rules/exchange-conditions.ts';
import type { WriteOutcome } from '../../policy/rules/writes.ts';
import { endStale } from './end-stale.ts';
import { elapsed, type Exchange, tellOutcome } from '../exchange/exchange.ts';
import { asksReload } from '../exchange/keyed-exchange.ts';
import { sendFailure } from '../hit/fail.ts';
import { HeldHead } from '../hit/held-head.ts';
import { keeperOf, type PostKeeper } from './keep-post.ts';
import type { PassReason } from '../exchange/outcome.ts';
import { join } from '../tunnel/join.ts';
import { AwaitedBody, mayAwaitBody, overhear, type ReadBody } from './write-bodies.ts';
import { originHostOf, passFields, relayedFields, switchingFields } from '../exchange/upstream-fields.ts';

/** Why a request is passed. `doubt`: of its identity. */
export type PassCause = { readonly reason: PassReason; readonly doubt?: IdentityDoubt };

/** The Cache-Status of a passed request. */
export function passStatus({ reason, doubt }: PassCause): Extract<CacheStatus, { kind: 'forward' }> {
  if (reason === 'method' || reason === 'method-override') return { kind: 'forward', fwd: 'method' };
  const detail = doubt === undefined ? reason : 'identity';
  return { kind: 'forward', fwd: 'bypass', detail };
}

/** What a failure says about whether the request was carried out. */
export const outcomeOf = ({ sent }: OriginFailure): WriteOutcome => ({
  kind: sent ? 'unknown' : 'never-sent',
});

/** Learns from the session cookies that an answer sets. */
export function learn(exchange: Exchange, fields: Fields): void {
  exchange.services.learnSession(exchange, fieldLines(fields, 'set-cookie'));
}

/** Relays a request. Resolves when it is over; rejects by an error of ours, before any answer. */
export const relay = (exchange: Exchange, cause: PassCause): Promise<void> =>
  new Promise((resolve, reject) => {
    new Relay(exchange, cause, { resolve, reject }).start();
  });

const actingReasons: ReadonlySet<PassReason> = new Set(['write-rule', 'method-override']);

/** How a relay ends: over, or by an error of our own. */
type Settle = { readonly resolve: () => void; readonly reject: (error: unknown) => void };

const nothingAsked: ReturnType<typeof bodiesAsked> = { request: false, answer: false };

class Relay implements OriginReceiver {
  readonly #exchange: Exchange;
  readonly #cause: PassCause;
  readonly #settle: Settle;
  #origin: OriginCall | undefined;
  #status = 0;
  /** Resolves when the head has been released; pieces wait for it. */
  #released: Promise<void> | undefined;
  #isReleased = false;
  readonly #head: HeldHead;
  #keeper: PostKeeper | undefined;
  /** What its write rules ask about. */
  readonly #asked: ReturnType<typeof bodiesAsked>;
  #sent: ReadBody | undefined;
  #awaited: AwaitedBody | undefined;
  /** Came before the head was released. */
  #waiting: Buffer[] = [];
  #isClientGone = false;
  #isTunnel = false;
  #isBroken = false;
  /** The exchange failed before the head was released: what came of the body is not given. */
  #failedEarly = false;
  /** Whether it may be carried out as a write, whatever its method. */
  readonly #mayAct: boolean;

  constructor(exchange: Exchange, cause: PassCause, settle: Settle) {
    this.#exchange = exchange;
    this.#head = new HeldHead(exchange.reply, exchange.services.later);
    this.#cause = cause;
    this.#settle = settle;
    const { request, site } = exchange;
    const found = site.rules.matchWrites(request.method, request.path, request);
    this.#asked = found.every((rules) => rules.length === 0)
      ? nothingAsked
      : bodiesAsked(found.flat().map(({ rule }) => rule));
    this.#mayAct = actingReasons.has(cause.reason) || isUnsafeMethod(exchange.request.method);
  }

  start(): void {
    const { services, request, reply, site, overheardBy } = this.#exchange;
    reply.onDrain(() => this.#origin?.resume());
    reply.onGone(() => {
      this.#onClientGone();
    });
    const body = request.hasBody ? reply.requestBody : undefined;
    if (body !== undefined && this.#asked.request) this.#sent = overhear(body);
    this.#origin = services.origin.send(
      {
        method: request.method,
        target: targetText(request.path, request.query),
        fields: passFields(request, originHostOf(request, site)),
        body,
        // DESIGN §3.11: a write reaches the origin once, a GET that acts as well.
        isWrite: this.#mayAct,
        upgrade: reply.upgrade?.protocol,
      },
      overheardBy?.(this) ?? this,
    );
  }

  onInformation(status: number, fields: Fields): void {
    this.#exchange.reply.information(status, fields);
  }

  onHead(head: OriginHead): void {
    learn(this.#exchange, head.fields);
    this.#status = head.status;
    this.#isTunnel = head.tunnel !== undefined;
    if (!this.#mayAct && !asksReload(this.#exchange)) {
      this.#release(head);
      return;
    }
    if (this.#asked.answer && mayAwaitBody(head))
      this.#awaited = new AwaitedBody(this.#exchange.services.later);
    this.#released = this.#recorded(head).then(
      () => {
        this.#release(head);
      },
      (error: unknown) => {
        this.#break(error);
      },
    );
  }

  onData(chunk: Buffer): boolean {
    if (this.#isReleased) return this.#write(chunk);
    this.#waiting.push(chunk);
    // Once, behind all pieces: to resume may bring the next at once.
    if (this.#waiting.length === 1) this.#afterRelease(() => this.#giveWaiting());
    return this.#awaited?.add(chunk) === true;
  }

  #giveWaiting(): void {
    if (!this.#failedEarly) for (const piece of this.#waiting) this.#write(piece);
    this.#waiting = [];
    this.#origin?.resume();
  }

  onEnd(trailers: Fields): void {
    this.#awaited?.end(true);
    this.#afterRelease(() => {
      this.#head.release();
      if (!this.#isTunnel) this.#exchange.reply.end(undefined, trailers);
      this.#over(undefined);
    });
  }

  onFailure(failure: OriginFailure): void {
    this.#failedEarly = !this.#isReleased;
    this.#awaited?.end(false);
    this.#afterRelease(() => {
      if (this.#status === 0 || this.#head.isHeld) this.#fail(failure);
      else {
        this.#exchange.reply.abort();
        this.#over(failure);
      }
    });
  }

  /** There is no answer, or none with a body. */
  #fail(failure: OriginFailure): void {
    this.#head.drop();
    this.#endStale(outcomeOf(failure)).then(
      () => {
        this.#status = sendFailure(this.#exchange, failure, cacheStatusValue(passStatus(this.#cause)));
        this.#over(failure);
      },
      (error: unknown) => {
        this.#break(error);
      },
    );
  }

  #write(chunk: Buffer): boolean {
    this.#head.release();
    this.#keeper?.add(chunk);
    return this.#exchange.reply.write(chunk);
  }

  #endStale(outcome: WriteOutcome): Promise<void> {
    return endStale(this.#exchange, outcome, this.#sent?.whole());
  }

  /** What the request made stale is ended; then its answer may be kept. */
  async #recorded({ status, fields }: OriginHead): Promise<void> {
    const { now: requestTime } = this.#exchange;
    await this.#endStale({ kind: 'response', status, fields, body: await this.#awaited?.done });
    this.#keeper = await keeperOf(this.#exchange, { status, fields, requestTime });
  }

  /**
   * Nobody waits for the answer any more. What may act goes on to its answer's head, for aborting it would not undo it:
   *   1. the client goes, and what is stale is ended      2. another asks, and what it gets is stored, from before the act
   *   3. the origin acts, and answers                     4. what is stale is ended once more
   */
  #onClientGone(): void {
    this.#isClientGone = true;
    this.#head.drop();
    if (!this.#mayAct || this.#isReleased) this.#origin?.abort();
    else if (this.#status === 0) this.#endStale({ kind: 'unknown' }).catch(this.#settle.reject);
  }

  /** An error of our own: the answer is not given, and nothing more comes of it. */
  #break(error: unknown): void {
    this.#isBroken = true;
    this.#head.drop();
    this.#origin?.abort();
    this.#settle.reject(error);
  }

  #release({ status, fields, reasonPhrase, tunnel }: OriginHead): void {
    const { upgrade } = this.#exchange.reply;
    this.#isReleased = true;
    if (this.#isClientGone) {
      tunnel?.destroy();
      this.#origin?.abort();
      return;
    }
    const stored = this.#keeper !== undefined;
    const cacheStatus = cacheStatusValue({ ...passStatus(this.#cause), ...(stored && { stored }) });
    if (tunnel === undefined || upgrade === undefined)
      this.#head.hold({ status, fields: relayedFields({ status, fields }, cacheStatus), reasonPhrase });
    else join(upgrade.accept(switchingFields(fields, cacheStatus)), tunnel);
  }

  #afterRelease(action: () => void): void {
    const unlessBroken = (): void => {
      if (!this.#isBroken) action();
    };
    if (this.#isReleased || this.#released === undefined) unlessBroken();
    else void this.#released.then(unlessBroken);
  }

  #over(failure: OriginFailure | undefined): void {
    const { reason, doubt } = this.#cause;
    this.#keeper?.finish(failure === undefined && !this.#isClientGone);
    tellOutcome(this.#exchange, {
      kind: failure === undefined || failure.reason === 'aborted' ? 'pass' : 'failed',
      status: this.#status,
      cacheStatus: passStatus(this.#cause),
      pass: reason,
      doubt,
      failure: failure?.reason,
      originDuration: seconds(elapsed(this.#exchange)),
    });
    this.#settle.resolve();
  }
}
