/**
 * The fields of responses as strings, those that come again and again kept as one string each: entries hold them by the ten
 * thousand.
 */

import type { Dispatcher } from 'undici';

const mostTexts = 2048;
const longestShared = 64;

/** Short texts seen before; bounded. */
export class SharedTexts {
  readonly #texts = new Map<string, string>();

  /** Raw header buffers as a flat list of latin-1 strings, which is what they are on the wire. */
  fields(raw: Dispatcher.DispatchController['rawHeaders']): string[] {
    // undici types this wider than it is: an HTTP/1.1 connection gives a list.
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
