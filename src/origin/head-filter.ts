/**
 * Removes what undici mishandles: an unrequested `100 Continue`, which it takes for a broken answer (RFC 9110 §15.2
 * allows any number), and the length of a body that a 304 or 204 does not have (RFC 9110 §8.6).
 *
 * Promises: it reads only the heads before an awaited response, from the moment its request is written; never a byte of
 * a body, nor an unrequested response. Anything that is not exactly an HTTP/1.1 head goes on unchanged, for undici to
 * refuse.
 */

const empty = Buffer.alloc(0);
const endOfHead = '\r\n\r\n';
const startOfStatus = 'HTTP/1.1 ';
const longestHead = 64 * 1024;
const strictHead =
  /^HTTP\/1\.1 \d{3} [\t\x20-\x7e\x80-\xff]*(?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*)*$/;

/** The heads of the responses on one connection. */
export class HeadFilter {
  #isWaiting = false;
  #held: Buffer = empty;
  #length: string | undefined;

  expect(): void {
    this.#isWaiting = true;
    this.#length = undefined;
  }

  get length(): string | undefined {
    return this.#length;
  }

  /** The bytes to pass on after these bytes arrived. */
  take(chunk: Buffer): Buffer {
    if (!this.#isWaiting) return chunk;
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = empty;
    const out: Buffer[] = [];
    for (let size = this.#sizeOfHead(rest); size !== 0; size = this.#sizeOfHead(rest)) {
      if (size === 'unknown') {
        this.#held = rest;
        rest = empty;
        break;
      }
      out.push(this.#pass(rest.subarray(0, size)));
      rest = rest.subarray(size);
    }
    return out.length === 0 ? rest : Buffer.concat([...out, rest]);
  }

  flush(): Buffer {
    const held = this.#held;
    this.#held = empty;
    return held;
  }

  /** The size of a head to examine; 0 if there is none, which ends the waiting. */
  #sizeOfHead(bytes: Buffer): number | 'unknown' {
    if (!this.#isWaiting || bytes.length === 0) return 0;
    if (isUsual(bytes)) {
      this.#isWaiting = false;
      return 0;
    }
    const start = bytes.toString('latin1', 0, startOfStatus.length + 3);
    const isWhole = start.length === startOfStatus.length + 3;
    const may = isWhole ? /^HTTP\/1\.1 (?:1\d\d|204|304)$/.test(start) : mayBecome(start);
    const end = may && isWhole ? bytes.indexOf(endOfHead) : -1;
    if (end !== -1) return end + endOfHead.length;
    if (may && bytes.length <= longestHead) return 'unknown';
    this.#isWaiting = false;
    return 0;
  }

  #pass(head: Buffer): Buffer {
    const text = head.toString('latin1', 0, head.length - endOfHead.length);
    const status = Number(text.slice(startOfStatus.length, startOfStatus.length + 3));
    const isStrict = strictHead.test(text);
    this.#isWaiting = isStrict && status < 200 && status !== 101;
    if (!isStrict) return head;
    if (status === 100) return empty;
    return status < 200 ? head : this.#withoutLength(text);
  }

  /** RFC 9112 §6.3, rule 1: a 304 or 204 ends with its head, whatever its fields say. undici judges one with a coding. */
  #withoutLength(text: string): Buffer {
    const [statusLine = '', ...lines] = text.split('\r\n');
    const isLength = (line: string): boolean => /^content-length:/i.test(line);
    const lengths = lines.filter(isLength).map((line) => line.slice(line.indexOf(':') + 1).trim());
    const [length] = lengths;
    if (lengths.length === 1 && length !== undefined && /^\d+$/.test(length)) {
      this.#length = length;
      const kept = [statusLine, ...lines.filter((line) => !isLength(line))];
      return Buffer.from(kept.join('\r\n') + endOfHead, 'latin1');
    }
    return Buffer.from(text + endOfHead, 'latin1');
  }
}

const [zero, two, four] = [0x30, 0x32, 0x34];
const statusAt = startOfStatus.length;

/** Whether it begins where a 2xx has its status, and is no 204: nothing here is for it. */
const isUsual = (bytes: Buffer): boolean =>
  bytes.length >= statusAt + 3 &&
  bytes[statusAt] === two &&
  !(bytes[statusAt + 1] === zero && bytes[statusAt + 2] === four);

const mayBecome = (start: string): boolean =>
  startOfStatus.startsWith(start.slice(0, startOfStatus.length)) &&
  /^(?:1\d?|20?|30?)?$/.test(start.slice(startOfStatus.length));
