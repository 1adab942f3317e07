/**
 * Makes one call of the origin: a request, its answer, and the deadlines of both.
 *
 * Promises: it ends in exactly one of `onEnd` and `onFailure`. No answer waits longer than its deadline. An idempotent
 * request on a dead keep-alive connection is sent once more on a fresh one if no byte came back; any other is sent
 * once.
 */

import type { Duplex, Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { combinedValue } from '../http/fields.ts';
import type { Fields } from '../http/message.ts';
import type { Upstream } from '../config/config.ts';
import type { Clock } from '../kit/time.ts';
import { fieldsOf, type Framing, framingOf, isEventStream, retryAfterOf } from './answer-head.ts';
import { type CallListener, CallTeller } from './call-listener.ts';
import type { ConnectOptions } from './connect.ts';
import type { PooledHandler, RawHead } from './connections.ts';
import { Deadline } from './deadline.ts';
import { type FailureReason, failureReason, type OriginFailure } from './failure.ts';
import type { Probe } from './origin-health.ts';
import { mayRepeat } from './repeat.ts';
import { tellsOfOrigin } from './trouble.ts';

export type OriginRequest = {
  readonly method: string;
  readonly target: string;
  /** End-to-end fields, with Host. */
  readonly fields: Fields;
  readonly body?: Readable | undefined;
  /** It acts, whatever its method says: never sent again. */
  readonly isWrite?: boolean;
  /** The protocol to switch to (RFC 9110 §7.8). The request gets a connection of its own. */
  readonly upgrade?: string | undefined;
  readonly probe?: Probe | undefined;
};

export type OriginHead = {
  readonly status: number;
  readonly reasonPhrase: string;
  readonly fields: Fields;
  readonly framing: Framing;
  /** The connection of a 101, which now speaks the other protocol. The call is over. */
  readonly tunnel?: Duplex | undefined;
};

/** `onData` returns `false` to pause. */
export type OriginReceiver = {
  onInformation?(status: number, fields: Fields): void;
  onHead(head: OriginHead): void;
  onData(chunk: Buffer): boolean;
  onEnd(trailers: Fields): void;
  onFailure(failure: OriginFailure): void;
};

export type OriginCall = { abort(): void; resume(): void };

export type OriginOptions = ConnectOptions &
  Pick<Upstream, 'responseTimeout' | 'bodyTimeout' | 'connections'> &
  Partial<Pick<Upstream, 'resolveEvery'>>;

/** What all calls of an origin share. */
type CallOptions = {
  readonly options: OriginOptions;
  readonly agent: Dispatcher;
  readonly fresh: Dispatcher;
  readonly clock: Clock;
  readonly listeners: readonly CallListener[];
};

/** One request and its answer, with its deadlines. */
export class Call implements OriginCall, PooledHandler {
  readonly #given: CallOptions;
  readonly #request: OriginRequest;
  readonly #receiver: OriginReceiver;
  readonly #teller: CallTeller;
  #abort: ((error: Error) => void) | undefined;
  #resume: (() => void) | undefined;
  #isPaused = false;
  readonly #deadline = new Deadline((reason) => {
    this.#stop(reason);
  });
  #sent = false;
  #gotBytes = false;
  #gotHead = false;
  /** RFC 9112 §6.3, rule 1: there is no body. */
  #isWhole = false;
  #isEventStream = false;
  #ended = false;
  #tries = 0;
  #deadlineReason: FailureReason | undefined;

  constructor(given: CallOptions, request: OriginRequest, receiver: OriginReceiver) {
    this.#given = given;
    this.#request = request;
    this.#receiver = receiver;
    const { listeners, clock } = given;
    const hasBody = request.body !== undefined;
    this.#teller = new CallTeller({ listeners, clock, probe: request.probe, hasBody });
  }

  start(): OriginCall {
    this.#deadline.arm('head-timeout', this.#given.options.responseTimeout);
    const { agent, fresh } = this.#given;
    const request = this.#request;
    // The origin answers when it has the body: its time begins with the last piece.
    request.body?.on('progress', () => {
      this.#deadline.refresh();
    });
    this.#dispatch(request.upgrade === undefined ? agent : fresh);
    return this;
  }

  abort(): void {
    this.#stop('aborted');
  }

  resume(): void {
    if (this.#ended) return;
    this.#armBody();
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#resume?.();
  }

  #dispatch(agent: Dispatcher): void {
    const request = this.#request;
    this.#tries += 1;
    const { method, target, fields, body, upgrade = null } = request;
    const dispatch: Dispatcher.DispatchOptions = {
      path: target,
      method,
      headers: fields as string[],
      body: body ?? null,
      upgrade,
      // We keep the deadlines: undici's are coarse and do not count the wait for a free connection.
      headersTimeout: 0,
      bodyTimeout: 0,
    };
    try {
      agent.dispatch(dispatch, this as unknown as Dispatcher.DispatchHandler);
    } catch (error) {
      this.onError(error);
    }
  }

  onConnect(abort: (error: Error) => void): void {
    this.#abort = abort;
    this.#sent = true;
    if (this.#deadlineReason !== undefined) abort(new Error(this.#deadlineReason));
  }

  onHeaders(...[status, raw, resume, reasonPhrase]: RawHead): boolean {
    this.#resume = resume;
    this.#onHead(status, fieldsOf(raw), reasonPhrase);
    return true;
  }

  #onHead(status: number, fields: Fields, reasonPhrase: string): void {
    this.#gotBytes = true;
    if (status > 101 && status < 200) {
      this.#receiver.onInformation?.(status, fields);
      return;
    }
    const framing = framingOf(this.#request.method, status, fields);
    // A 101 without the fields of an upgrade; with them it would have come to `onUpgrade`.
    if (status <= 101 || framing === 'coded') {
      this.#stop('malformed');
      return;
    }
    this.#gotHead = true;
    this.#teller.answered(status, retryAfterOf(fields));
    this.#isEventStream = isEventStream(fields);
    this.#armBody();
    this.#isWhole = framing === 'none';
    this.#receiver.onHead({ status, reasonPhrase, fields, framing });
  }

  onUpgrade(_status: number, raw: Buffer[], tunnel: Duplex): void {
    const fields = fieldsOf(raw);
    const request = this.#request;
    const receiver = this.#receiver;
    // RFC 9110 §7.8: "A server MUST NOT switch to a protocol that was not indicated by the client".
    const isAsked = combinedValue(fields, 'upgrade')?.toLowerCase() === request.upgrade?.toLowerCase();
    if (this.#ended || !isAsked) {
      tunnel.destroy();
      this.#stop('malformed');
      return;
    }
    this.#gotHead = true;
    this.#teller.answered(101, undefined);
    receiver.onHead({ status: 101, reasonPhrase: '', fields, framing: 'none', tunnel });
    this.#finish([]);
  }

  onData(chunk: Buffer): boolean {
    if (this.#ended) return true;
    if (this.#receiver.onData(chunk)) {
      this.#deadline.refresh();
      return true;
    }
    // A slow client is not a slow origin: its pause does not count.
    this.#deadline.lift();
    this.#isPaused = true;
    return false;
  }

  onComplete(trailers: Buffer[]): void {
    this.#finish(fieldsOf(trailers));
  }

  onError(error: unknown): void {
    if (this.#ended) return;
    if (this.#isWhole) {
      // RFC 9110 §8.6: a 304 may give the length of the body it does not have; undici waits for it.
      this.#finish([]);
      return;
    }
    const progress = { wasSent: this.#sent, gotBytes: this.#gotBytes };
    if (this.#tries === 1 && mayRepeat(this.#request, error, progress)) {
      this.#teller.repeats();
      this.#dispatch(this.#given.fresh);
      return;
    }
    this.#fail(this.#deadlineReason ?? failureReason(error, this.#gotHead));
  }

  #stop(reason: FailureReason): void {
    if (this.#ended) return;
    this.#deadlineReason = reason;
    // Before `onConnect` there is nothing to abort yet, and it will find the reason.
    this.#abort?.(new Error(reason));
    this.#fail(reason);
  }

  #fail(reason: FailureReason): void {
    if (this.#ended) return;
    this.#end();
    const request = this.#request;
    const receiver = this.#receiver;
    const sent = { hasBody: request.body !== undefined, wasSent: this.#sent };
    this.#teller.failed(reason, tellsOfOrigin(reason, sent));
    receiver.onFailure({ reason, sent: this.#sent });
    this.#teller.ended(reason);
  }

  #finish(trailers: Fields): void {
    if (this.#ended) return;
    this.#end();
    this.#receiver.onEnd(trailers);
    this.#teller.ended();
  }

  #end(): void {
    this.#ended = true;
    this.#deadline.lift();
    // undici leaves a body alone that it did not send, and its client could not be read to the end.
    this.#request.body?.destroy();
  }

  #armBody(): void {
    if (this.#isEventStream) this.#deadline.lift();
    else this.#deadline.arm('body-timeout', this.#given.options.bodyTimeout);
  }
}
