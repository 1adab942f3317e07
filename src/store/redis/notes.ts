/**
 * Notes that instances share through Redis: small texts about a subject, one for each author, with an expiry.
 *
 * Promises: an author's note never changes another's, and remains when its author has stopped. Every call ends within its
 * deadline or rejects.
 */

import { randomUUID } from 'node:crypto';
import type { Seconds } from '../../kit/time.ts';
import { type RedisClient, within } from './connection.ts';
import type { RedisKeys } from './keys.ts';

export interface SharedNotes {
  readonly author: string;
  /** Keeps the subject for `keptFor` from now. Resolves to whether it replaced an earlier note. */
  write(subject: string, text: string, keptFor: Seconds): Promise<boolean>;
  read(subject: string): Promise<ReadonlyMap<string, string>>;
}

type SharedNotesOptions = {
  readonly client: Pick<RedisClient, 'hgetall' | 'hget' | 'hlen' | 'multi'>;
  readonly keys: Pick<RedisKeys, 'notes'>;
  readonly deadlineMs: number;
  /** Absent: one of its own. */
  readonly author?: string | undefined;
};

const mostBytes = 256 * 1024;
/** More than there are instances: those from before a restart count too. */
const mostAuthors = 1000;

/** Notes over Redis. */
export function createSharedNotes({
  client,
  keys,
  deadlineMs,
  author = randomUUID(),
}: SharedNotesOptions): SharedNotes {
  const hasRoom = async (key: string): Promise<boolean> =>
    (await within(deadlineMs, client.hlen(key))) < mostAuthors ||
    (await within(deadlineMs, client.hget(key, author))) !== null;
  return {
    author,
    write: async (subject, text, keptFor) => {
      const key = keys.notes(subject);
      if (Buffer.byteLength(text) > mostBytes) throw new Error('the note is too long');
      if (!(await hasRoom(key))) throw new Error('the subject has too many notes');
      const keptMs = Math.max(1, Math.ceil(keptFor * 1000));
      const written = client.multi().hset(key, author, text).pexpire(key, keptMs).exec();
      const results = (await within(deadlineMs, written)) ?? [];
      const problem = results.find(([error]) => error !== null)?.[0];
      if (problem instanceof Error || results.length === 0) throw problem ?? new Error('not written');
      return results[0]?.[1] === 0;
    },
    read: async (subject) =>
      new Map(Object.entries(await within(deadlineMs, client.hgetall(keys.notes(subject))))),
  };
}
