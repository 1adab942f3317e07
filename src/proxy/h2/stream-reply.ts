/**
 * A reply over a stream of HTTP/2: the fields of the answer are those of HTTP/1.1, but for the ones of one connection.
 *
 * Promise: an answer that cannot be finished is cut with RST_STREAM. `close` with an error code would not do: Node sends the
 * end of the body in front of it, and a client would take the part for the whole.
 */

import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Readable } from 'node:stream';
import { endToEndFields } from '../../http/fields.ts';
import type { Fields } from '../../http/message.ts';
import type { FinishFields, Reply } from '../exchange/reply.ts';
import { RequestBody } from '../exchange/request-body.ts';

const ofOneConnection = /^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade)$/i;

/** A reply over one stream. */
export class StreamReply implements Reply {
  readonly #stream: ServerHttp2Stream;
  #trailers: Fields = [];
  readonly #onBody: (body: RequestBody) => void;
  finish: FinishFields | undefined;
  sentBodyBytes = 0;

  constructor(stream: ServerHttp2Stream, onBody: (body: RequestBody) => void) {
    this.#stream = stream;
    this.#onBody = onBody;
  }

  get requestBody(): Readable {
    const body = new RequestBody(this.#stream);
    this.#onBody(body);
    return body;
  }

  get unsentBytes(): number {
    return this.#stream.destroyed ? 0 : this.#stream.writableLength;
  }

  onOver(listener: () => void): void {
    this.#stream.once('close', listener);
  }

  information(status: number, fields: Fields): void {
    const stream = this.#stream;
    // RFC 9113 §8.6: HTTP/2 has no 101.
    if (stream.headersSent || stream.destroyed || status === 101) return;
    stream.additionalHeaders({ ':status': status, ...recordOf(endToEndFields(fields)) });
  }

  head(status: number, given: string[]): void {
    const stream = this.#stream;
    if (stream.destroyed) return;
    const fields = this.finish === undefined ? given : this.finish(given);
    const head = [':status', String(status)];
    let hasLength = false;
    for (let index = 0; index < fields.length; index += 2) {
      const name = (fields[index] ?? '').toLowerCase();
      if (ofOneConnection.test(name)) continue;
      if (name === 'content-length') hasLength = true;
      head.push(name, fields[index + 1] ?? '');
    }
    // Only a body whose end nobody knows has trailers.
    stream.respond(head, { waitForTrailers: !hasLength });
    if (hasLength) stream.once('finish', () => this.#askNoMore());
    else
      stream.once('wantTrailers', () => {
        stream.sendTrailers(recordOf(this.#trailers));
        this.#askNoMore();
      });
  }

  /** RFC 9113 §8.1: an answer that is over before its request asks the client not to send the rest. */
  #askNoMore(): void {
    if (!hasAllOf(this.#stream)) this.#stream.close(constants.NGHTTP2_NO_ERROR);
  }

  write(chunk: Buffer): boolean {
    const stream = this.#stream;
    if (stream.destroyed || stream.writableEnded) return true;
    this.sentBodyBytes += chunk.length;
    return stream.write(chunk);
  }

  end(chunk?: Buffer, trailers: Fields = []): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.writableEnded) return;
    this.#trailers = endToEndFields(trailers);
    this.sentBodyBytes += chunk?.length ?? 0;
    if (chunk === undefined) stream.end();
    else stream.end(chunk);
  }

  abort(): void {
    this.#stream.destroy(new Error('the answer is incomplete'));
  }

  onDrain(listener: () => void): void {
    this.#stream.on('drain', listener);
  }

  onGone(listener: () => void): void {
    const stream = this.#stream;
    stream.once('close', () => {
      // Of a stream that the client resets Node ends the writable side: it looks finished.
      if (stream.aborted || !stream.writableFinished) listener();
    });
  }
}

/** Whether the request has come to its end. */
export const hasAllOf = (stream: ServerHttp2Stream): boolean =>
  stream.endAfterHeaders || stream.readableEnded;

function recordOf(fields: Fields): Record<string, string[]> {
  const record: Record<string, string[]> = {};
  for (let index = 0; index < fields.length; index += 2) {
    const name = (fields[index] ?? '').toLowerCase();
    if (!ofOneConnection.test(name)) (record[name] ??= []).push(fields[index + 1] ?? '');
  }
  return record;
}
