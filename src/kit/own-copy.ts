/** Bytes that are kept for long, in memory of their own. */

/** A copy of exactly its size. A slice, or a copy out of Node's pool, would keep alive what lies beside it. */
export function ownCopy(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
