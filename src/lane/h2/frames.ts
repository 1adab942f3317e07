/** Frames of HTTP/2 (RFC 9113 §4 and §6): their heads, read and written (pure). */

export const types = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const;

/** ACK has the same bit as END_STREAM. */
export const flags = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

/** RFC 9113 §7. */
export const codes = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  compression: 9,
  calm: 11,
} as const;
export type ErrorCode = (typeof codes)[keyof typeof codes];

/** RFC 9113 §3.4. */
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
export const headBytes = 9;
/** No larger frame is announced by this server, nor sent to clients. */
export const mostPayload = 16_384;
/** RFC 9113 §6.9.2: what a connection and a stream begin with. */
export const firstWindow = 65_535;
export const mostWindow = 2 ** 31 - 1;

/** The length of the payload of the frame at `at`. */
export const lengthAt = (bytes: Buffer, at: number): number =>
  ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);

/** 31 bits: the first is reserved. */
export const numberAt = (bytes: Buffer, at: number): number =>
  (((bytes[at] ?? 0) & 0x7f) << 24) |
  ((bytes[at + 1] ?? 0) << 16) |
  ((bytes[at + 2] ?? 0) << 8) |
  (bytes[at + 3] ?? 0);

/** The stream of the frame at `at`. */
export const streamAt = (bytes: Buffer, at: number): number => numberAt(bytes, at + 5);

type Head = {
  readonly length: number;
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
};

/** Writes the head of a frame at `at`; gives where its payload begins. */
export function writeHead(bytes: Buffer, at: number, { length, type, flags, stream }: Head): number {
  bytes[at] = length >>> 16;
  bytes[at + 1] = length >>> 8;
  bytes[at + 2] = length;
  bytes[at + 3] = type;
  bytes[at + 4] = flags;
  bytes[at + 5] = stream >>> 24;
  bytes[at + 6] = stream >>> 16;
  bytes[at + 7] = stream >>> 8;
  bytes[at + 8] = stream;
  return at + headBytes;
}

/** A whole frame. */
export function frameOf(head: Omit<Head, 'length'>, payload: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(headBytes + payload.length);
  writeHead(bytes, 0, { ...head, length: payload.length });
  bytes.set(payload, headBytes);
  return bytes;
}

/** A frame whose payload is numbers of four bytes each: WINDOW_UPDATE, RST_STREAM, GOAWAY. */
export function frameOfNumbers(type: number, stream: number, ...numbers: readonly number[]): Buffer {
  const payload = Buffer.alloc(numbers.length * 4);
  for (const [index, value] of numbers.entries()) payload.writeUInt32BE(value, index * 4);
  return frameOf({ type, flags: 0, stream }, payload);
}
