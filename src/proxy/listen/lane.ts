/** What may have each connection before node:http. */

import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Carrier } from '../h2/h2-server.ts';
import type { HttpServerOptions } from './http-server.ts';

/** Takes a connection over. */
export type Accept = (socket: Socket) => void;

/** Answers what it can on a connection, and gives node:http or node:http2 the rest. */
export type Lane = {
  readonly accept: Accept;
  /** Takes a connection over whose next bytes are HTTP/2; `serve` is given what node:http2 has of it. */
  readonly acceptTwo: (socket: Socket, serve: (carrier: Carrier) => void) => void;
  /** From now on every answer is the last on its connection. */
  readonly leave: () => void;
  /** Closes the connections that have no request under way. */
  readonly closeIdle: () => void;
};

/** Makes the lane in front of node:http; both read requests alike, and have the same pipeline. */
export type OpenLane = (
  http: Server,
  shared: Pick<HttpServerOptions, 'read' | 'pipeline' | 'onError'>,
) => Lane;
