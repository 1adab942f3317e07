/**
 * What the keys of session tickets are made from, shared by all workers of an instance: a session that began with one of them
 * is resumed by any.
 *
 * Promise: each secret is random and replaces the last: whoever has a key can read what was sent under it (RFC 9325 §3.4).
 */

import { hkdfSync, randomBytes } from 'node:crypto';

const secretBytes = 32;
/** As `tls.Server.setTicketKeys` wants them. */
const keyBytes = 48;

/** The secret in force. */
export class TicketSecret {
  #bytes: Uint8Array = randomBytes(secretBytes);
  #onReplaced: () => void = () => undefined;

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** The keys for a listener; other certificates have other keys. `fingerprint`: of the certificates. */
  keysFor(fingerprint: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#bytes, '', `session tickets ${fingerprint}`, keyBytes));
  }

  replace(bytes: Uint8Array = randomBytes(secretBytes)): void {
    this.#bytes = bytes;
    this.#onReplaced();
  }

  /** There is one listener. */
  onReplaced(listener: () => void): void {
    this.#onReplaced = listener;
  }

  /** Replaces it every `periodMs` until what is returned is called. */
  rotate(periodMs: number): () => void {
    const timer = setInterval(() => {
      this.replace();
    }, periodMs).unref();
    return () => {
      clearInterval(timer);
    };
  }
}
