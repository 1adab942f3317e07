/**
 * Reads a request line from a connection's bytes, if every server would read it in the same way (pure).
 *
 * Promise: what is taken here, node:http takes with the same method and the same target. Whatever else comes is `odd`, and
 * node:http's to judge.
 */

import { digestOf } from './digest.ts';

/** `incomplete`: it may become one with more bytes. */
export type LineScan = 'line' | 'incomplete' | 'odd';

/** A request line found in a buffer; one object serves for many scans, and tells of the last. */
export class RequestLine {
  #bytes: Buffer = Buffer.alloc(0);
  method = '';
  targetStart = 0;
  targetEnd = 0;
  /** Where the fields begin. */
  end = 0;

  get target(): string {
    return this.#bytes.toString('latin1', this.targetStart, this.targetEnd);
  }

  get targetDigest(): number {
    return digestOf(this.#bytes, this.targetStart, this.targetEnd);
  }

  /** Whether this is its target. */
  isFor(target: string): boolean {
    const start = this.targetStart;
    if (this.targetEnd - start !== target.length) return false;
    for (let index = 0; index < target.length; index += 1)
      if (this.#bytes[start + index] !== target.charCodeAt(index)) return false;
    return true;
  }

  /** Looks for a request line at `from`. */
  scan(bytes: Buffer, from: number): LineScan {
    this.#bytes = bytes;
    const method = this.#scanMethod(bytes, from);
    if (method !== 'line') return method;
    const most = Math.min(bytes.length, this.targetStart + longestTarget);
    let at = this.targetStart;
    if (at < bytes.length && bytes[at] !== slash) return 'odd';
    while (at < most && targetBytes[bytes[at] ?? 0] === 1) at += 1;
    if (at - this.targetStart >= longestTarget) return 'odd';
    this.targetEnd = at;
    return this.#scanVersion(bytes, at);
  }

  #scanMethod(bytes: Buffer, from: number): LineScan {
    // The usual case without a loop.
    if (bytes[from] === 0x47 && bytes[from + 1] === 0x45 && bytes[from + 2] === 0x54) {
      if (bytes[from + 3] === space) {
        this.method = 'GET';
        this.targetStart = from + 4;
        return 'line';
      }
    }
    const most = Math.min(bytes.length, from + longestMethod + 1);
    let at = from;
    while (at < most && isUpper(bytes[at] ?? 0)) at += 1;
    if (at === bytes.length && at - from <= longestMethod) return 'incomplete';
    const method = bytes.toString('latin1', from, at);
    if (bytes[at] !== space || !methods.has(method)) return 'odd';
    this.method = method;
    this.targetStart = at + 1;
    return 'line';
  }

  #scanVersion(bytes: Buffer, from: number): LineScan {
    for (let index = 0; index < version.length; index += 1) {
      if (from + index === bytes.length) return 'incomplete';
      if (bytes[from + index] !== version[index]) return 'odd';
    }
    this.end = from + version.length;
    return 'line';
  }
}

/** The methods whose requests are framed by their fields alone. */
const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);
const longestMethod = 6;
const longestTarget = 4096;
const version = Buffer.from(' HTTP/1.1\r\n');
const space = 0x20;
const slash = 0x2f;

const isUpper = (byte: number): boolean => byte >= 0x41 && byte <= 0x5a;

/** RFC 3986 §3.3 and §3.4: what a path and a query may hold, escapes included. */
const targetBytes = new Uint8Array(256);
for (const char of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:@/?%")
  targetBytes[char.charCodeAt(0)] = 1;
