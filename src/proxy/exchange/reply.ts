/**
 * The answer to one client, so that nothing above knows which server it is. A reply that cannot be finished is cut
 * (`abort`), never ended as if it were whole (DESIGN §3.6).
 */

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { endToEndFields } from '../../http/fields.ts';
import type { Fields } from '../../http/message.ts';
import { RequestBody } from './request-body.ts';

/** A client's wish to change to another protocol (RFC 9110 §7.8), which only the origin can grant. */
export type Upgrade = {
  readonly protocol: string;
  /** Sends the 101, in place of `head`; gives the connection, with what the client has sent already. */
  readonly accept: (fields: string[]) => Socket;
};

/** Gives the fields that are sent in place of these. */
export type FinishFields = (fields: string[]) => string[];

export interface Reply {
  readonly upgrade?: Upgrade | undefined;
  /** Has the last word on the fields of the final head; absent: they are sent as they are. */
  finish?: FinishFields | undefined;
  /** An interim response (RFC 9110 §15.2). */
  information(status: number, fields: Fields): void;
  head(status: number, fields: string[], reasonPhrase?: string): void;
  /** A piece of the body; `false` asks to wait for `onDrain`. */
  write(chunk: Buffer): boolean;
  end(chunk?: Buffer, trailers?: Fields): void;
  /** Breaks the connection off: the client sees that the answer is incomplete. */
  abort(): void;
  onDrain(listener: () => void): void;
  onGone(listener: () => void): void;
  readonly unsentBytes: number;
  /** Given to the connection so far; `undefined`: the answer is not given here. */
  readonly sentBodyBytes: number | undefined;
  onOver(listener: () => void): void;
  readonly requestBody: Readable;
}

/** Up to so many bytes copying a body costs less than referring to it. */
const smallBody = 2048;

const ignore = (): void => undefined;

export const nobody: Reply = {
  information: ignore,
  head: ignore,
  write: () => true,
  end: ignore,
  abort: ignore,
  onDrain: ignore,
  onGone: ignore,
  unsentBytes: 0,
  sentBodyBytes: undefined,
  onOver: ignore,
  get requestBody() {
    return Readable.from([]);
  },
};

/** A reply over node:http. */
export class NodeReply implements Reply {
  readonly #response: ServerResponse;
  readonly upgrade: Upgrade | undefined;
  finish: FinishFields | undefined;
  sentBodyBytes: number | undefined;

  constructor(response: ServerResponse, upgrade?: Upgrade) {
    this.#response = response;
    this.upgrade = upgrade;
  }

  get requestBody(): Readable {
    return new RequestBody(this.#response.req);
  }

  get unsentBytes(): number {
    return this.#response.destroyed ? 0 : this.#response.writableLength;
  }

  onOver(listener: () => void): void {
    this.#response.once('close', listener);
  }

  information(status: number, fields: Fields): void {
    const response = this.#response;
    // RFC 9110 §15.2: none to an HTTP/1.0 client; 101 is no answer to a request that was not sent with Upgrade.
    if (response.headersSent || response.destroyed || response.req.httpVersionMinor === 0 || status === 101)
      return;
    response.writeInformation(status, endToEndFields(fields));
  }

  head(status: number, given: string[], reasonPhrase?: string): void {
    if (this.#response.destroyed) return;
    this.sentBodyBytes = 0;
    const fields = this.finish === undefined ? given : this.finish(given);
    if (reasonPhrase === undefined || !isPlain.test(reasonPhrase)) this.#response.writeHead(status, fields);
    else this.#response.writeHead(status, reasonPhrase, fields);
  }

  write(chunk: Buffer): boolean {
    if (this.#response.destroyed) return true;
    this.sentBodyBytes = (this.sentBodyBytes ?? 0) + chunk.length;
    return this.#response.write(chunk);
  }

  end(chunk?: Buffer, trailers?: Fields): void {
    const response = this.#response;
    if (response.destroyed) return;
    this.sentBodyBytes = (this.sentBodyBytes ?? 0) + (chunk?.length ?? 0);
    if (trailers !== undefined && trailers.length > 0) response.addTrailers(trailerPairs(trailers));
    if (chunk === undefined) response.end();
    // node:http puts a text behind the head and writes both as one, which for little is quicker than two buffers.
    else if (chunk.length <= smallBody) response.end(chunk.toString('latin1'), 'latin1');
    else response.end(chunk);
  }

  abort(): void {
    this.#response.destroy();
  }

  onDrain(listener: () => void): void {
    this.#response.on('drain', listener);
  }

  onGone(listener: () => void): void {
    this.#response.once('close', () => {
      if (!this.#response.writableFinished) listener();
    });
  }
}

/** Other reason phrases node:http refuses to write; RFC 9112 §4: a client should ignore them anyway. */
const isPlain = /^[\t\x20-\x7e]+$/;

/** Trailers as node:http takes them, without those for one connection (RFC 9110 §6.5.1). */
export function trailerPairs(trailers: Fields): [string, string][] {
  const fields = endToEndFields(trailers);
  const list: [string, string][] = [];
  for (let index = 0; index < fields.length; index += 2)
    list.push([fields[index] ?? '', fields[index + 1] ?? '']);
  return list;
}
