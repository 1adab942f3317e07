/** Bytes that are kept for long, in memory of their own. */

/** The bytes; a copy where more than a sixteenth lies unused beside them, which they would keep alive. */
export function ownBytes(bytes: Buffer): Buffer {
  if (bytes.buffer.byteLength <= bytes.length * (17 / 16)) return bytes;
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
