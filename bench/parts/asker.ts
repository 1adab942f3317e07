/**
 * One keep-alive connection that asks one thing at a time, over a raw socket: next to no time of its own in what is
 * measured. Answers must have a Content-Length.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** An answer's head, as it came, and how many bytes of body followed. */
export type Answered = { readonly head: string; readonly bodyBytes: number };

const blankLine = Buffer.from('\r\n\r\n');

/** A connection. */
export class Asker {
  readonly #socket: Socket;
  #head: string | undefined;
  #missing = 0;
  #bodyBytes = 0;
  #begun: Buffer = Buffer.alloc(0);
  #take: ((answer: Answered) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#read(chunk);
    });
  }

  /** Connects to the host and port of a URL. */
  static async open(url: string): Promise<Asker> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, 'connect');
    return new Asker(socket);
  }

  /** Resolves when the answer is whole. Never rejects: a connection that is cut leaves it waiting. */
  ask(request: Buffer | string): Promise<Answered> {
    return new Promise((resolve) => {
      this.#take = resolve;
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.#head === undefined) {
      const bytes = this.#begun.length === 0 ? chunk : Buffer.concat([this.#begun, chunk]);
      const end = bytes.indexOf(blankLine);
      if (end === -1) {
        this.#begun = bytes;
        return;
      }
      this.#begun = Buffer.alloc(0);
      this.#head = bytes.toString('latin1', 0, end);
      this.#bodyBytes = Number(/^content-length: *(\d+)/im.exec(this.#head)?.[1] ?? 0);
      this.#missing = this.#bodyBytes - (bytes.length - end - blankLine.length);
    } else this.#missing -= chunk.length;
    if (this.#missing > 0) return;
    const answer: Answered = { head: this.#head, bodyBytes: this.#bodyBytes };
    this.#head = undefined;
    this.#take?.(answer);
  }
}

/** Whether an answer says that it came from the store. */
export const isHit = ({ head }: Answered): boolean => /^cache-status: shelflife; hit/im.test(head);
