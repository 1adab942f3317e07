/**
 * Not for the cache: forwarded as it is, answered as it comes (CONTRACT §4).
 *
 * GET and HEAD go the way of fetches, without a store, WebSockets included; everything else through @fastify/http-proxy.
 * Promises: a write reaches the origin once at most, never twice; what it makes stale is ended before its answer is
 * released, also when its outcome is unknown; a body cut short upstream is cut short downstream, and one that never begins
 * is a failure like any other.
 */

import type { Readable } from 'node:stream';
import { type CacheStatus, cacheStatusValue } from '../../http/cache-status.ts';
import { fieldLines } from '../../http/fields.ts';
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
import { originHostOf, passFields, relayedFields, switchingFields } from '../exchange/upstream-fields.ts';

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
  const { method } = exchange.request;
  if (method === 'GET' || method === 'HEAD')
    return new Promise((resolve) => new Relay(exchange, input, resolve).start());
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

/** A GET or HEAD that is passed: piece by piece, at the pace of the slower side. */
class Relay implements OriginReceiver {
  readonly #exchange: Exchange;
  readonly #input: PassInput;
  readonly #onOver: () => void;
  #origin: OriginCall | undefined;
  #status = 0;
  /** Resolves when the head has been released; pieces wait for it. */
  #released: Promise<void> | undefined;
  #isReleased = false;
  readonly #head: HeldHead;
  #isClientGone = false;
  #isTunnel = false;

  constructor(exchange: Exchange, input: PassInput, onOver: () => void) {
    this.#exchange = exchange;
    this.#head = new HeldHead(exchange.reply);
    this.#input = input;
    this.#onOver = onOver;
  }

  start(body?: Readable): void {
    const { services, request, reply, site } = this.#exchange;
    const target = targetText(request.path, request.query);
    const fields = passFields(request, originHostOf(request, site));
    reply.onDrain(() => this.#origin?.resume());
    reply.onGone(() => {
      this.#onClientGone();
    });
    const source = body ?? (request.hasBody ? reply.requestBody : undefined);
    // DESIGN §3.11: a write reaches the origin once, a GET that acts as well.
    const isWrite = this.#mayAct();
    this.#origin = services.origin.send(
      { method: request.method, target, fields, body: source, isWrite, upgrade: reply.upgrade?.protocol },
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
    const { status, fields } = head;
    if (!this.#mayAct()) {
      this.#release(head);
      return;
    }
    this.#released = endStale(this.#exchange, { kind: 'response', status, fields }).then(() => {
      this.#release(head);
    });
  }

  onData(chunk: Buffer): boolean {
    if (this.#isReleased) {
      this.#head.release();
      return this.#exchange.reply.write(chunk);
    }
    void this.#released?.then(() => {
      this.#head.release();
      this.#exchange.reply.write(chunk);
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
    if (this.#status !== 0) {
      this.#afterRelease(() => {
        if (this.#head.isHeld) this.#tell(failure);
        else this.#exchange.reply.abort();
        this.#over(failure);
      });
      return;
    }
    void endStale(this.#exchange, outcomeOf(failure)).then(() => {
      this.#tell(failure);
      this.#over(failure);
    });
  }

  #tell(failure: OriginFailure): void {
    this.#head.drop();
    this.#status = sendFailure(this.#exchange, failure, cacheStatusValue(passStatus(this.#input)));
  }

  /**
   * Nobody waits for the answer any more. What may act goes on to its answer's head, for aborting it would not undo it:
   *   1. the client goes, and what is stale is ended      2. another asks, and what it gets is stored, from before the act
   *   3. the origin acts, and answers                     4. what is stale is ended once more
   */
  #onClientGone(): void {
    this.#isClientGone = true;
    this.#head.drop();
    if (!this.#mayAct() || this.#isReleased) this.#origin?.abort();
    else if (this.#status === 0) void endStale(this.#exchange, { kind: 'unknown' });
  }

  /** Whether it may be carried out as a write, though it is a GET or HEAD. */
  #mayAct(): boolean {
    return this.#input.reason === 'write-rule' || this.#input.reason === 'method-override';
  }

  #release({ status, fields, reasonPhrase, tunnel }: OriginHead): void {
    const { upgrade } = this.#exchange.reply;
    this.#isReleased = true;
    if (this.#isClientGone) {
      tunnel?.destroy();
      this.#origin?.abort();
      return;
    }
    const cacheStatus = cacheStatusValue(passStatus(this.#input));
    if (tunnel === undefined || upgrade === undefined)
      this.#head.hold({ status, fields: relayedFields(fields, cacheStatus), reasonPhrase });
    else join(upgrade.accept(switchingFields(fields, cacheStatus)), tunnel);
  }

  #afterRelease(action: () => void): void {
    if (this.#isReleased || this.#released === undefined) action();
    else void this.#released.then(action);
  }

  #over(failure: OriginFailure | undefined): void {
    const { reason, doubt } = this.#input;
    tellOutcome(this.#exchange, {
      kind: failure === undefined || failure.reason === 'aborted' ? 'pass' : 'failed',
      status: this.#status,
      cacheStatus: passStatus(this.#input),
      pass: reason,
      doubt,
      failure: failure?.reason,
      originDuration: seconds(elapsed(this.#exchange)),
    });
    this.#onOver();
  }
}
