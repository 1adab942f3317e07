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
  readonly find: (request: AskedFor) => Hit | undefined;
  /** An answer has been sent. */
  readonly onSent: (hit: Hit) => void;
  readonly monotonicMs: () => number;
  readonly onClosed: (connection: object) => void;
};

/** A plain request, and what is known of its fields. */
export type AskedFor = Omit<PlainRequest, 'fields'> & {
  readonly known: KnownBlock;
  readonly remembered: Remembered;
};
