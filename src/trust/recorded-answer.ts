/**
 * An answer of the origin that a client gets, recorded on its way, to be played to those who would have asked for it.
 *
 * Promises: the client gets it as if nobody listened; no longer body is kept than may be stored, and all recordings together
 * keep a bounded number of bytes.
 */

import { codingsOf, decodedFields } from '../http/content-coding.ts';
import { combinedValue, hasField, withoutFields } from '../http/fields.ts';
import type { Fields } from '../http/message.ts';
import { isStream } from '../http/stream-type.ts';
import type { OriginCall, OriginHead, OriginReceiver, OriginRequest } from '../origin/call.ts';
import type { OriginFailure } from '../origin/failure.ts';
import { decodeWhole } from '../proxy/fetch/coded-bodies.ts';

/** `body` is decoded. `none`: the answer has none that could be compared. */
export type WholeAnswer = { readonly status: number; readonly fields: Fields; readonly body: Buffer };

export type Recorded =
  | { readonly kind: 'whole'; readonly answer: WholeAnswer }
  /** A stream, or longer than may be stored. */
  | { readonly kind: 'long'; readonly status: number }
  | { readonly kind: 'failed' };

/** What all recordings share: the bytes they keep at once. */
export type RecordingRoom = { bytes: number };

const mostBytes = 16 * 1024 * 1024;

/** Stands for a body that the client has already, so that the origin did not send it. Nothing else is it. */
export const unseenBody = Buffer.from('shelflife: not seen, for the client had it already');

type Player = { readonly asked: OriginRequest; readonly receiver: OriginReceiver; isOver: boolean };

/** The client first, so that it gets its answer as if nobody listened. */
class Overhearing implements OriginReceiver {
  readonly #client: OriginReceiver;
  readonly #answer: RecordedAnswer;

  constructor(client: OriginReceiver, answer: RecordedAnswer) {
    this.#client = client;
    this.#answer = answer;
  }

  onInformation(status: number, fields: Fields): void {
    this.#client.onInformation?.(status, fields);
  }

  onHead(head: OriginHead): void {
    this.#client.onHead(head);
    this.#answer.onHead(head);
  }

  onData(chunk: Buffer): boolean {
    const wantsMore = this.#client.onData(chunk);
    this.#answer.onData(chunk);
    return wantsMore;
  }

  onEnd(trailers: Fields): void {
    this.#client.onEnd(trailers);
    this.#answer.onEnd();
  }

  onFailure(failure: OriginFailure): void {
    this.#client.onFailure(failure);
    this.#answer.onFailure();
  }
}

/** The answer to one request. */
export class RecordedAnswer {
  readonly #limit: number;
  readonly #room: RecordingRoom;
  readonly #players: Player[] = [];
  #head: OriginHead | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #recorded: Recorded | undefined;
  #onOver: ((recorded: Recorded) => void) | undefined;

  readonly #sentCookies: boolean;

  /** `sentCookies`: the client's request had some. */
  constructor(
    room: RecordingRoom,
    { limit, sentCookies }: { readonly limit: number; readonly sentCookies: boolean },
  ) {
    this.#sentCookies = sentCookies;
    this.#room = room;
    this.#limit = limit;
  }

  /** Calls `listener` when there is no more to record. */
  onOver(listener: (recorded: Recorded) => void): void {
    if (this.#recorded === undefined) this.#onOver = listener;
    else listener(this.#recorded);
  }

  /** The receiver that records, in front of the client's. */
  before(client: OriginReceiver): OriginReceiver {
    return new Overhearing(client, this);
  }

  /** Plays it to who would have asked: at once if it is there, else when it is. */
  play(asked: OriginRequest, receiver: OriginReceiver): OriginCall {
    const player: Player = { asked, receiver, isOver: false };
    if (this.#recorded === undefined) this.#players.push(player);
    else
      queueMicrotask(() => {
        this.#playTo(player);
      });
    const abort = (): void => {
      if (player.isOver) return;
      player.isOver = true;
      receiver.onFailure(left);
    };
    return { abort, resume: () => undefined };
  }

  onHead(head: OriginHead): void {
    this.#head = head;
    const length = Number(combinedValue(head.fields, 'content-length') ?? 0);
    if (isStream(head.fields) || length > this.#limit)
      this.#end(() => ({ kind: 'long', status: head.status }));
  }

  onData(chunk: Buffer): void {
    if (this.#recorded !== undefined) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#room.bytes += chunk.length;
    const status = this.#head?.status ?? 0;
    if (this.#bytes > this.#limit) this.#end(() => ({ kind: 'long', status }));
    else if (this.#room.bytes > mostBytes) this.#end(() => ({ kind: 'failed' }));
  }

  onEnd(): void {
    this.#end(() => this.#whole());
  }

  onFailure(): void {
    this.#end(() => ({ kind: 'failed' }));
  }

  #whole(): Recorded {
    const head = this.#head;
    if (head === undefined) return { kind: 'failed' };
    const [only] = this.#chunks;
    const body = this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks);
    const codings = body.length === 0 ? [] : codingsOf(head.fields);
    const decoded = codings.length === 0 ? body : decodeWhole(body, codings, this.#limit);
    if (decoded === undefined) return { kind: 'failed' };
    const fields = codings.length === 0 ? head.fields : decodedFields(head.fields);
    return { kind: 'whole', answer: { status: head.status, fields, body: decoded } };
  }

  #end(made: () => Recorded): void {
    if (this.#recorded !== undefined) return;
    const recorded = made();
    this.#recorded = recorded;
    for (const player of this.#players) this.#playTo(player);
    this.#onOver?.(recorded);
    this.#room.bytes -= this.#bytes;
    this.#chunks = [];
    this.#bytes = 0;
  }

  #playTo(player: Player): void {
    const { receiver, asked } = player;
    const recorded = this.#recorded;
    if (player.isOver || recorded === undefined) return;
    if (recorded.kind === 'failed' || this.#head === undefined) {
      player.isOver = true;
      receiver.onFailure(left);
      return;
    }
    const told = recorded.kind === 'whole' ? answerTo(asked, recorded.answer, this.#sentCookies) : undefined;
    const { status, fields } = told ?? this.#head;
    const { framing } = this.#head;
    receiver.onHead({ status, fields, reasonPhrase: '', framing });
    const body = told === undefined ? this.#chunks : [told.body];
    for (const piece of body) if (!this.#isOver(player) && piece.length > 0) receiver.onData(piece);
    if (this.#isOver(player)) return;
    player.isOver = true;
    receiver.onEnd([]);
  }

  /** Asked again after each step: the receiver may have aborted. */
  #isOver(player: Player): boolean {
    return player.isOver;
  }
}

const left: OriginFailure = { reason: 'aborted', sent: true };

/**
 * What the origin would have answered to who asks otherwise than the client did. A client that has a copy got 304 and no body:
 * without that condition it is 200. A client that sent cookies may have had them renewed: without them nothing is set.
 */
function answerTo({ fields: asked }: OriginRequest, answer: WholeAnswer, sentCookies: boolean): WholeAnswer {
  const setsForCookies = sentCookies && !hasField(asked, 'cookie');
  const fields = setsForCookies ? withoutFields(answer.fields, setCookie) : answer.fields;
  if (answer.status !== 304) return { ...answer, fields };
  const tag = combinedValue(fields, 'etag');
  const condition = combinedValue(asked, 'if-none-match') ?? '';
  const hasIt = tag !== undefined && condition.includes(tag.replace(/^W\//, ''));
  return hasIt ? answer : { status: 200, fields, body: unseenBody };
}

const setCookie: ReadonlySet<string> = new Set(['set-cookie']);
