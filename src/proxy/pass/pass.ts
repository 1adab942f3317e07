/**
 * Not for the cache: forwarded as it is, answered as it comes (CONTRACT §4).
 *
 * The usual methods go the way of fetches, without a store, WebSockets included; rare ones through @fastify/http-proxy
 * (docs/decisions/0018).
 * Promises: a write reaches the origin once at most, never twice; what it makes stale is ended before its answer is
 * released, also when its outcome is unknown; a body cut short upstream is cut short downstream, and one that never begins
 * is a failure like any other.
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
import type { WriteOutcome } from '../../policy/rules/writes.ts';
import { endStale } from './end-stale.ts';
import { elapsed, type Exchange, tellOutcome } from '../exchange/exchange.ts';
import { sendFailure } from '../hit/fail.ts';
import { HeldHead } from '../hit/held-head.ts';
import { keeperOf, type PostKeeper } from './keep-post.ts';
import type { PassReason } from '../exchange/outcome.ts';
import { join } from '../tunnel/join.ts';
import {
  isRelayed,
  originHostOf,
  passFields,
  relayedFields,
  switchingFields,
} from '../exchange/upstream-fields.ts';

export type PassInput = {
  readonly reason: PassReason;
  readonly doubt?: IdentityDoubt;
  /** Hands the request to @fastify/http-proxy. */
  readonly forward: (forwarded: Forwarded) => void;
};

/** An answer that may be released: the fields to send, and who is to be given its body besides the client. */
export type Released = { readonly fields: string[]; readonly keeper: PostKeeper | undefined };

/** A request on its way through @fastify/http-proxy, and what to do with what comes back. */
export type Forwarded = {
  readonly target: string;
  readonly fields: Fields;
  readonly onInformation: (status: number, fields: Fields) => void;
  /** The answer's head is here: resolves, with the fields to send, when it may be released. */
  readonly onHead: (status: number, fields: Fields) => Promise<Released>;
  /** There is no answer; resolves when the client has been told. */
  readonly onFailure: (failure: OriginFailure) => Promise<void>;
  /** The client has gone; an answer may still come. */
  readonly onClientGone: () => Promise<void>;
  /** The answer has been given. */
  readonly onEnd: () => void;
};

/** Passes a request. Resolves when it is over, or at once when @fastify/http-proxy has it. */
export function pass(exchange: Exchange, input: PassInput): Promise<void> | undefined {
  if (isRelayed(exchange.request.method)) {
    return new Promise((resolve, reject) => {
      new Relay(exchange, input, { resolve, reject }).start();
    });
  }
  input.forward(forwardedOf(exchange, input));
  return undefined;
}

function passStatus({ reason, doubt }: PassInput): Extract<CacheStatus, { kind: 'forward' }> {
  if (reason === 'method' || reason === 'method-override') return { kind: 'forward', fwd: 'method' };
  const detail = doubt === undefined ? reason : 'identity';
  return { kind: 'forward', fwd: 'bypass', detail };
}

function forwardedOf(exchange: Exchange, input: PassInput): Forwarded {
  const { request, site } = exchange;
  const cacheStatus = passStatus(input);
  let status = 0;
  const common = { cacheStatus, pass: input.reason };
  return {
    target: targetText(request.path, request.query),
    fields: passFields(request, originHostOf(request, site)),
    onInformation: (informed, fields) => {
      exchange.reply.information(informed, fields);
    },
    onHead: async (given, fields) => {
      status = given;
      learn(exchange, fields);
      await endStale(exchange, { kind: 'response', status, fields });
      const keeper = await keeperOf(exchange, { status, fields, requestTime: exchange.now });
      const stored = keeper !== undefined;
      const relayed = relayedFields(fields, cacheStatusValue({ ...cacheStatus, stored }));
      return { fields: exchange.reply.finish?.(relayed) ?? relayed, keeper };
    },
    onFailure: async (failure) => {
      await endStale(exchange, outcomeOf(failure));
      const told = sendFailure(exchange, failure, cacheStatusValue(cacheStatus));
      tellOutcome(exchange, { kind: 'failed', status: told, failure: failure.reason, ...common });
    },
    // The write may have happened, or happen yet: ended now, and again when its answer comes.
    onClientGone: () => endStale(exchange, { kind: 'unknown' }),
    onEnd: () => {
      tellOutcome(exchange, { kind: 'pass', status, originDuration: elapsed(exchange), ...common });
    },
  };
}

const outcomeOf = ({ sent }: OriginFailure): WriteOutcome => ({ kind: sent ? 'unknown' : 'never-sent' });

function learn(exchange: Exchange, fields: Fields): void {
  exchange.services.learnSession(exchange, fieldLines(fields, 'set-cookie'));
}

const actingReasons: ReadonlySet<PassReason> = new Set(['write-rule', 'method-override']);

/** How a relay ends: over, or by an error of our own. */
type Settle = { readonly resolve: () => void; readonly reject: (error: unknown) => void };

/** A request that is passed: piece by piece, at the pace of the slower side. */
class Relay implements OriginReceiver {
  readonly #exchange: Exchange;
  readonly #input: PassInput;
  readonly #settle: Settle;
  #origin: OriginCall | undefined;
  #status = 0;
  /** Resolves when the head has been released; pieces wait for it. */
  #released: Promise<void> | undefined;
  #isReleased = false;
  readonly #head: HeldHead;
  #keeper: PostKeeper | undefined;
  #isClientGone = false;
  #isTunnel = false;
  #isBroken = false;
  /** The exchange failed before the head was released: what came of the body is not given. */
  #failedEarly = false;
  /** Whether it may be carried out as a write, whatever its method. */
  readonly #mayAct: boolean;

  constructor(exchange: Exchange, input: PassInput, settle: Settle) {
    this.#exchange = exchange;
    this.#head = new HeldHead(exchange.reply);
    this.#input = input;
    this.#settle = settle;
    this.#mayAct = actingReasons.has(input.reason) || isUnsafeMethod(exchange.request.method);
  }

  start(): void {
    const { services, request, reply, site } = this.#exchange;
    reply.onDrain(() => this.#origin?.resume());
    reply.onGone(() => {
      this.#onClientGone();
    });
    this.#origin = services.origin.send(
      {
        method: request.method,
        target: targetText(request.path, request.query),
        fields: passFields(request, originHostOf(request, site)),
        body: request.hasBody ? reply.requestBody : undefined,
        // DESIGN §3.11: a write reaches the origin once, a GET that acts as well.
        isWrite: this.#mayAct,
        upgrade: reply.upgrade?.protocol,
      },
      this,
    );
  }

  onInformation(status: number, fields: Fields): void {
    this.#exchange.reply.information(status, fields);
  }

  onHead(head: OriginHead): void {
    learn(this.#exchange, head.fields);
    this.#status = head.status;
    this.#isTunnel = head.tunnel !== undefined;
    if (!this.#mayAct) {
      this.#release(head);
      return;
    }
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
    this.#afterRelease(() => {
      if (!this.#failedEarly) this.#write(chunk);
      this.#origin?.resume();
    });
    return false;
  }

  onEnd(trailers: Fields): void {
    this.#afterRelease(() => {
      this.#head.release();
      if (!this.#isTunnel) this.#exchange.reply.end(undefined, trailers);
      this.#over(undefined);
    });
  }

  onFailure(failure: OriginFailure): void {
    this.#failedEarly = !this.#isReleased;
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
    endStale(this.#exchange, outcomeOf(failure)).then(
      () => {
        this.#status = sendFailure(this.#exchange, failure, cacheStatusValue(passStatus(this.#input)));
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

  /** What the request made stale is ended; then its answer may be kept. */
  async #recorded({ status, fields }: OriginHead): Promise<void> {
    const { now: requestTime } = this.#exchange;
    await endStale(this.#exchange, { kind: 'response', status, fields });
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
    else if (this.#status === 0) endStale(this.#exchange, { kind: 'unknown' }).catch(this.#settle.reject);
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
    const cacheStatus = cacheStatusValue({ ...passStatus(this.#input), ...(stored && { stored }) });
    if (tunnel === undefined || upgrade === undefined)
      this.#head.hold({ status, fields: relayedFields(fields, cacheStatus), reasonPhrase });
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
    const { reason, doubt } = this.#input;
    this.#keeper?.finish(failure === undefined && !this.#isClientGone);
    tellOutcome(this.#exchange, {
      kind: failure === undefined || failure.reason === 'aborted' ? 'pass' : 'failed',
      status: this.#status,
      cacheStatus: passStatus(this.#input),
      pass: reason,
      doubt,
      failure: failure?.reason,
      originDuration: seconds(elapsed(this.#exchange)),
    });
    this.#settle.resolve();
  }
}
