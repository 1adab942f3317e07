/** Reads new records as they are appended. It only saves time: the round trips (redis-purge-log.ts) find all. */

import { setTimeout as delay } from 'node:timers/promises';
import { type LogRecord, readRecord } from './log-script.ts';
import type { RedisClient } from '../redis/connection.ts';

type LogTailOptions = {
  readonly client: RedisClient;
  readonly key: string;
  readonly place: () => number;
  readonly onRecords: (records: readonly LogRecord[]) => void;
};

/** How long one read blocks; the connection's command timeout must be longer. */
export const tailBlockMs = 1000;
const pauseMs = 100;
const page = 500;

/** Reads the end of the log until closed. */
export class LogTail {
  readonly #options: LogTailOptions;
  readonly #closing = new AbortController();
  #isClosed = false;
  #loop: Promise<void> | undefined;

  constructor(options: LogTailOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#closing.abort();
    this.#options.client.disconnect();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      const records = await this.#next();
      if (records === undefined) await this.#pause();
      else if (records.length > 0) this.#options.onRecords(records);
    }
  }

  async #pause(): Promise<void> {
    await delay(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
  }

  async #next(): Promise<readonly LogRecord[] | undefined> {
    const { client, key, place } = this.#options;
    const seq = place();
    if (seq === 0) return undefined;
    try {
      const from = `${seq}-0`;
      const reply: unknown = await client.xread('COUNT', page, 'BLOCK', tailBlockMs, 'STREAMS', key, from);
      return streamRecords(reply).map(readRecord);
    } catch {
      // No connection, or a failing server: the round trips find what is missed here.
      return undefined;
    }
  }
}

/** `[[key, records]]`, or null when the read timed out. */
function streamRecords(reply: unknown): readonly unknown[] {
  const stream: unknown = Array.isArray(reply) ? reply[0] : undefined;
  const records: unknown = Array.isArray(stream) ? stream[1] : undefined;
  return Array.isArray(records) ? records : [];
}
