/** Reads response fields as strings, one for each frequent text: entries hold ten thousands of them. */

import type { Dispatcher } from 'undici';

const mostTexts = 2048;
const longestShared = 64;

/** A bounded set of short texts. */
export class SharedTexts {
  readonly #texts = new Map<string, string>();

  /** Raw header buffers as a flat list of latin-1 strings, as on the wire. */
  fields(raw: Dispatcher.DispatchController['rawHeaders']): string[] {
    // undici's type is too wide: HTTP/1.1 gives a list.
    if (!Array.isArray(raw)) return [];
    return raw.map((part) => this.#shared(typeof part === 'string' ? part : part.toString('latin1')));
  }

  #shared(text: string): string {
    if (text.length > longestShared) return text;
    const before = this.#texts.get(text);
    if (before !== undefined) return before;
    if (this.#texts.size < mostTexts) this.#texts.set(text, text);
    return text;
  }
}
