/**
 * One exchange with the origin: a request, its answer, and the deadlines of both.
 *
 * Promises: it ends in exactly one of `onEnd` and `onFailure`; no answer waits longer than its deadline; an idempotent
 * request that met a dead keep-alive connection is sent once more on a fresh one, if no byte had come back; anything else
 * is sent once.
 */

import type { Duplex, Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { combinedValue } from '../http/fields.ts';
import type { Fields } from '../http/message.ts';
import type { Upstream } from '../config/config.ts';
import type { Clock } from '../kit/time.ts';
import { type Framing, framingOf, isEventStream, retryAfterOf } from './answer-head.ts';
import type { ConnectOptions } from './connect.ts';
import { Deadline } from './deadline.ts';
import { type FailureReason, failureReason, type OriginFailure } from './failure.ts';
import type { OriginHealth, OriginNews, Probe } from './origin-health.ts';
import { mayRepeat, tellsOfOrigin } from './repeat.ts';
import type { SharedTexts } from './shared-texts.ts';

export type OriginRequest = {
  readonly method: string;
  /** Canonical path and query. */
  readonly target: string;
  /** End-to-end fields, with Host. */
  readonly fields: Fields;
  readonly body?: Readable | undefined;
  /** It acts, whatever its method says: never sent again. */
  readonly isWrite?: boolean;
  /** The protocol to change to (RFC 9110 §7.8). The request goes over a connection of its own. */
  readonly upgrade?: string | undefined;
  /** It is to find out whether the origin is back. */
  readonly probe?: Probe | undefined;
};

/** A final response's head. `framing` says how the end of the body is known. */
export type OriginHead = {
  readonly status: number;
  readonly reasonPhrase: string;
  readonly fields: Fields;
  readonly framing: Framing;
  /** Of a 101: the connection, which speaks the other protocol from here on. The exchange is over. */
  readonly tunnel?: Duplex | undefined;
};

/** Where an answer goes. `onData` gives `false` to pause. */
export type OriginReceiver = {
  /** The connection was dead, and the request is sent once more. */
  onRepeat?(): void;
  onInformation?(status: number, fields: Fields): void;
  onHead(head: OriginHead): void;
  onData(chunk: Buffer): boolean;
  onEnd(trailers: Fields): void;
  onFailure(failure: OriginFailure): void;
};

/** A request under way. */
export type OriginExchange = { abort(): void; resume(): void };

export type OriginOptions = ConnectOptions &
  Pick<Upstream, 'responseTimeout' | 'bodyTimeout' | 'connections'> &
  Partial<Pick<Upstream, 'resolveEvery'>>;

type ExchangeParts = {
  readonly request: OriginRequest;
  readonly receiver: OriginReceiver;
  readonly options: OriginOptions;
  readonly agent: Dispatcher;
  readonly fresh: Dispatcher;
  readonly clock: Clock;
  readonly health: OriginHealth;
  readonly texts: SharedTexts;
};

/** One request and its answer, with its deadlines. */
export class Exchange implements OriginExchange {
  readonly #parts: ExchangeParts;
  readonly #startedMs: number;
  #controller: Dispatcher.DispatchController | undefined;
  readonly #deadline = new Deadline((reason) => {
    this.#stop(reason);
  });
  #sent = false;
  #gotBytes = false;
  #gotHead = false;
  /** The head is all there is: RFC 9112 §6.3, rule 1. */
  #isWhole = false;
  #isEventStream = false;
  #ended = false;
  #tries = 0;
  #deadlineReason: FailureReason | undefined;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
    this.#startedMs = parts.clock.monotonicMs();
  }

  start(): OriginExchange {
    this.#deadline.arm('head-timeout', this.#parts.options.responseTimeout);
    const { request, agent, fresh } = this.#parts;
    this.#dispatch(request.upgrade === undefined ? agent : fresh);
    return this;
  }

  abort(): void {
    this.#stop('aborted');
  }

  resume(): void {
    if (this.#ended) return;
    this.#armBody();
    this.#controller?.resume();
  }

  #dispatch(agent: Dispatcher): void {
    const { request } = this.#parts;
    this.#tries += 1;
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: (controller) => {
        this.#controller = controller;
        this.#sent = true;
        if (this.#deadlineReason !== undefined) controller.abort(new Error(this.#deadlineReason));
      },
      onRequestUpgrade: (controller, ...[, , tunnel]) => {
        this.#onUpgrade(this.#parts.texts.fields(controller.rawHeaders), tunnel);
      },
      onResponseStart: (controller, ...[status, , reasonPhrase]) => {
        this.#onHead(status, this.#parts.texts.fields(controller.rawHeaders), reasonPhrase ?? '');
      },
      onResponseData: (controller, chunk) => {
        this.#onData(controller, chunk);
      },
      onResponseEnd: (controller) => {
        const { rawTrailers } = controller;
        this.#finish(() => {
          this.#parts.receiver.onEnd(this.#parts.texts.fields(rawTrailers));
        });
      },
      onResponseError: (_controller, error) => {
        this.#onError(error);
      },
    };
    const { method, target, fields, body, upgrade = null } = request;
    const dispatch: Dispatcher.DispatchOptions = {
      path: target,
      method,
      headers: fields as string[],
      body: body ?? null,
      upgrade,
      // The deadlines are kept here: undici's are coarse and do not count the wait for a free connection.
      headersTimeout: 0,
      bodyTimeout: 0,
    };
    try {
      agent.dispatch(dispatch, handler);
    } catch (error) {
      this.#onError(error);
    }
  }

  #onHead(status: number, fields: Fields, reasonPhrase: string): void {
    this.#gotBytes = true;
    if (status > 101 && status < 200) {
      this.#parts.receiver.onInformation?.(status, fields);
      return;
    }
    const framing = framingOf(this.#parts.request.method, status, fields);
    // A 101 that changes to nothing: with the fields for it, it would have come to `#onUpgrade`.
    if (status <= 101 || framing === 'coded') {
      this.#stop('malformed');
      return;
    }
    this.#gotHead = true;
    this.#hear({ kind: 'answered', status, retryAfter: retryAfterOf(fields) });
    this.#isEventStream = isEventStream(fields);
    this.#armBody();
    this.#isWhole = framing === 'none';
    this.#parts.receiver.onHead({ status, reasonPhrase, fields, framing });
  }

  #onUpgrade(fields: Fields, tunnel: Duplex): void {
    const { request, receiver } = this.#parts;
    // RFC 9110 §7.8: "A server MUST NOT switch to a protocol that was not indicated by the client".
    const isAsked = combinedValue(fields, 'upgrade')?.toLowerCase() === request.upgrade?.toLowerCase();
    if (this.#ended || !isAsked) {
      tunnel.destroy();
      this.#stop('malformed');
      return;
    }
    this.#gotHead = true;
    this.#hear({ kind: 'answered', status: 101 });
    receiver.onHead({ status: 101, reasonPhrase: '', fields, framing: 'none', tunnel });
    this.#finish(() => {
      receiver.onEnd([]);
    });
  }

  #onData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#ended) return;
    if (this.#parts.receiver.onData(chunk)) {
      this.#deadline.refresh();
      return;
    }
    // A slow client is not a slow origin: its pause does not count.
    this.#deadline.lift();
    controller.pause();
  }

  #onError(error: unknown): void {
    if (this.#ended) return;
    if (this.#isWhole) {
      // RFC 9110 §8.6: a 304 may give the length of the body it does not have; undici waits for it.
      this.#finish(() => {
        this.#parts.receiver.onEnd([]);
      });
      return;
    }
    const progress = { wasSent: this.#sent, gotBytes: this.#gotBytes };
    if (this.#tries === 1 && mayRepeat(this.#parts.request, error, progress)) {
      this.#parts.receiver.onRepeat?.();
      this.#dispatch(this.#parts.fresh);
      return;
    }
    this.#fail(this.#deadlineReason ?? failureReason(error, this.#gotHead));
  }

  #stop(reason: FailureReason): void {
    if (this.#ended) return;
    this.#deadlineReason = reason;
    // Not started yet: there is nothing to abort, and `onRequestStart` will find the reason.
    this.#controller?.abort(new Error(reason));
    this.#fail(reason);
  }

  #fail(reason: FailureReason): void {
    if (!this.#gotHead && tellsOfOrigin(reason, this.#parts.request, this.#sent))
      this.#hear({ kind: 'failed', reason });
    this.#finish(() => {
      this.#parts.receiver.onFailure({ reason, sent: this.#sent });
    });
  }

  #hear(news: OriginNews): void {
    const { clock, health, request } = this.#parts;
    const { probe } = request;
    health.heard(news, { startedMs: this.#startedMs, nowMs: clock.monotonicMs(), probe });
  }

  #finish(tell: () => void): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#deadline.lift();
    tell();
  }

  #armBody(): void {
    if (this.#isEventStream) this.#deadline.lift();
    else this.#deadline.arm('body-timeout', this.#parts.options.bodyTimeout);
  }
}
