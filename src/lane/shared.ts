/** What the connections of a lane share. */

import type { Server } from 'node:http';
import type { Limits } from '../proxy/listen/limits.ts';
import type { CacheExchange } from '../proxy/exchange/exchange.ts';
import type { Hit } from './hits.ts';
import type { LaneReply } from './lane-reply.ts';
import type { Output } from './output.ts';
import type { PlainRequest } from './plan.ts';
import type { KnownBlock, Remembered } from './remembered.ts';
import type { RequestLine } from './request-line.ts';

export type Asked = {
  readonly method: string;
  readonly target: string;
  /** Absent: it has none. */
  readonly body?: Buffer | undefined;
};

export type Shared = {
  readonly http: Server;
  readonly limits: Limits;
  readonly output: Output;
  readonly isLeaving: () => boolean;
  /** Finds the answer to a request in memory. */
  readonly find: (asker: Asker, line: RequestLine) => Hit | undefined;
  /** Has the pipeline answer what was not found; `false`: it is node:http's. */
  readonly answer: (asker: Asker, asked: Asked, reply: LaneReply) => boolean;
  readonly date: () => string;
  /** An answer has been sent. */
  readonly onSent: (hit: Hit) => void;
  readonly monotonicMs: () => number;
  readonly onClosed: (connection: object) => void;
};

/** A connection as whoever finds answers knows it. */
export type Asker = {
  readonly socket: PlainRequest['socket'];
  readonly httpVersion: Hit['httpVersion'];
  readonly remembered: Remembered;
  /** The field block of its request. */
  known: KnownBlock | undefined;
  /** What was decided about its request, which nothing in memory answers. */
  exchange: CacheExchange | undefined;
};
