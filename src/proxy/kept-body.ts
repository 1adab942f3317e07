/** A body kept as it comes, up to a limit. */

/** Pieces of a body, at most `limit` bytes in all. */
export class KeptBody {
  readonly #limit: number;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds a piece; `false` when it is too much. The pieces so far, this one included, are still there then. */
  add(chunk: Buffer): boolean {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    return this.#bytes <= this.#limit;
  }

  get chunks(): readonly Buffer[] {
    return this.#chunks;
  }

  /** One buffer of its own: slices of a pool would keep the pool alive as long as the entry. */
  whole(): Buffer {
    const body = Buffer.allocUnsafeSlow(this.#bytes);
    let at = 0;
    for (const chunk of this.#chunks) at += chunk.copy(body, at);
    return body;
  }
}
