/** What the connections of a lane share. */

import type { Server } from 'node:http';
import type { Limits } from '../proxy/listen/limits.ts';
import type { Hit } from './hits.ts';
import type { Output } from './output.ts';
import type { PlainRequest } from './plan.ts';
import type { KnownBlock, Remembered } from './remembered.ts';

export type Shared = {
  readonly http: Server;
  readonly limits: Limits;
  readonly output: Output;
  readonly isLeaving: () => boolean;
  /** Finds the answer to a request; `undefined`: it is node:http's. */
  readonly find: (asker: Asker, method: string, target: string) => Hit | undefined;
  /** An answer has been sent. */
  readonly onSent: (hit: Hit) => void;
  readonly monotonicMs: () => number;
  readonly onClosed: (connection: object) => void;
};

/** A connection as whoever finds answers knows it. */
export type Asker = {
  readonly socket: PlainRequest['socket'];
  readonly remembered: Remembered;
  /** The field block of its request. */
  known: KnownBlock | undefined;
};
