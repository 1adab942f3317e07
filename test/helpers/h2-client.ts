/** A client of HTTP/2 that sends what frames it is given, and takes no more than it says: windows are the test's to open. */

import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Test } from 'tap';
import { HpackReader } from '../../src/lane/h2/hpack-reader.ts';
import { frame, sendFrames, types } from './h2-frames.ts';

/** What has come on a stream. `end`: the whole answer is here, or the stream was reset. */
export type Received = { fields: string[]; body: string; end: 'whole' | number | undefined };

export type FrameClient = {
  readonly socket: Socket;
  readonly streams: Map<number, Received>;
  /** The types of all frames, in order. */
  readonly seen: number[];
  goaway: { readonly last: number; readonly code: number } | undefined;
  isClosed: boolean;
  /** Resolves when that holds; looked at with each piece that comes. */
  readonly until: (holds: () => boolean) => Promise<void>;
  readonly send: (...frames: readonly Buffer[]) => void;
};

/** WINDOW_UPDATE. */
export function windowOf(stream: number, by: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(by);
  return frame(types.window, 0, stream, payload);
}

/** SETTINGS with these. */
export function settingsOf(settings: Readonly<Record<number, number>>): Buffer {
  const parts = Object.entries(settings).map(([id, value]) => {
    const payload = Buffer.alloc(6);
    payload.writeUInt16BE(Number(id));
    payload.writeUInt32BE(value, 2);
    return payload;
  });
  return frame(types.settings, 0, 0, Buffer.concat(parts));
}

/** Connects, and sends the preface and these frames. */
export async function connectFrames(
  t: Test,
  url: string,
  ...frames: readonly Buffer[]
): Promise<FrameClient> {
  const socket = await sendFrames(t, url, Buffer.concat(frames));
  const client: FrameClient = {
    socket,
    streams: new Map(),
    seen: [],
    goaway: undefined,
    isClosed: false,
    until: async (holds) => {
      while (!holds()) {
        if (client.isClosed) throw new Error('the connection has closed');
        await once(socket, 'progress');
      }
    },
    send: (...more) => void socket.write(Buffer.concat(more)),
  };
  const take = takerFor(client);
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const end = 9 + rest.readUIntBE(0, 3);
      take(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
    socket.emit('progress');
  });
  socket.on('close', () => {
    client.isClosed = true;
    socket.emit('progress');
  });
  return client;
}

function takerFor(client: FrameClient): (bytes: Buffer) => void {
  const reader = new HpackReader();
  return (bytes) => {
    const [type = 0, flags = 0] = [bytes[3], bytes[4]];
    const stream = bytes.readUInt32BE(5);
    const payload = bytes.subarray(9);
    client.seen.push(type);
    const received = client.streams.get(stream) ?? { fields: [], body: '', end: undefined };
    if (stream > 0) client.streams.set(stream, received);
    if (type === types.goaway)
      client.goaway = { last: payload.readUInt32BE(), code: payload.readUInt32BE(4) };
    else if (type === types.reset) received.end = payload.readUInt32BE();
    else if (type === types.headers) {
      const read = reader.read(payload);
      if (read === undefined || (flags & 4) === 0) throw new Error('a block that is not whole');
      received.fields.push(...read.fields);
    } else if (type === types.data) received.body += payload.toString('latin1');
    if ((type === types.headers || type === types.data) && (flags & 1) !== 0) received.end = 'whole';
  };
}
