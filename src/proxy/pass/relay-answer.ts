/**
 * An answer that has come back through @fastify/http-proxy, on its way to the client.
 *
 * Promises: what fails before the first byte of the body is a failure that is told; what fails later cuts the answer, for
 * the client must see it; an origin that falls silent is waited for until its deadline, server-sent events excepted.
 */

import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { Fields } from '../../http/message.ts';
import { runAfter, type Seconds } from '../../kit/time.ts';
import { isEventStream } from '../../origin/answer-head.ts';
import { Deadline } from '../../origin/deadline.ts';
import { type FailureReason, failureReason, type OriginFailure } from '../../origin/failure.ts';
import { trailerPairs } from '../exchange/reply.ts';
import { HeldHead } from '../hit/held-head.ts';

export type RelayedAnswer = {
  readonly status: number;
  readonly fields: string[];
  readonly stream: Readable;
  /** What came behind the body; to be asked for when that has ended. */
  readonly trailers: () => Fields;
  readonly bodyTimeout: Seconds;
  /** It has been given, wholly or not. */
  readonly onOver: (isWhole: boolean) => void;
  /** There is none after all; the client is still to be told. */
  readonly onFailure: (failure: OriginFailure) => void;
};

/** Gives the origin's answer to the client. By hand, because stream.pipeline makes and aborts a controller for every answer. */
export function relayAnswer(response: ServerResponse, answer: RelayedAnswer): void {
  const { status, fields, stream } = answer;
  const held = new HeldHead(headOf(response), runAfter);
  let isTold = false;
  const fail = (reason: FailureReason): void => {
    // To give a body up is an error of its own, which undici tells afterwards.
    if (isTold) return;
    deadline.lift();
    if (held.isHeld) {
      isTold = true;
      held.drop();
      answer.onFailure({ reason, sent: true });
    } else response.destroy();
    stream.destroy();
  };
  const deadline = new Deadline((reason) => {
    // A slow client is not a slow origin: its pause does not count.
    if (response.writableNeedDrain) deadline.refresh();
    else fail(reason);
  });
  stream.on('error', (error) => {
    fail(failureReason(error, true));
  });
  response.once('close', () => {
    deadline.lift();
    held.drop();
    if (!response.writableFinished) stream.destroy();
    if (!isTold) answer.onOver(response.writableFinished);
    isTold = true;
  });
  // The client has gone meanwhile: there is nobody to give it to.
  if (response.destroyed) {
    isTold = true;
    stream.destroy();
    answer.onOver(false);
    return;
  }
  held.hold({ status, fields, reasonPhrase: '' });
  // It broke while the head could not be released yet: nothing would come of it any more.
  if (stream.destroyed) {
    fail('truncated');
    return;
  }
  if (!isEventStream(fields)) deadline.arm('body-timeout', answer.bodyTimeout);
  follow(stream, { held, deadline });
  give(response, answer);
}

/** Gives the body, and what comes behind it. */
function give(response: ServerResponse, { stream, trailers }: RelayedAnswer): void {
  stream.pipe(response, { end: false });
  stream.once('end', () => {
    response.addTrailers(trailerPairs(trailers()));
    response.end();
  });
}

/** Before a piece is written so is the head; the next one is waited for anew. */
function follow(stream: Readable, { held, deadline }: { held: HeldHead; deadline: Deadline }): void {
  stream.on('data', () => {
    held.release();
    deadline.refresh();
  });
  stream.once('end', () => {
    held.release();
    deadline.lift();
  });
}

/** What writes a held head. undici's `request` does not tell the reason phrase. */
const headOf = (response: ServerResponse): ConstructorParameters<typeof HeldHead>[0] => ({
  head: (status, fields) => {
    response.writeHead(status, fields);
  },
  write: (chunk) => response.write(chunk),
});
