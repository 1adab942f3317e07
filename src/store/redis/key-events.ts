/**
 * What happens to keys in an app's own Redis, as it tells whoever listens (keyspace notifications).
 *
 * Promises: only listens; never writes but, when asked to, the one setting that turns notifications on. Notifications are
 * not kept for who was away: every time listening begins, also again after a lost connection, `onGap` is told that
 * something may have been missed.
 */

import { Redis } from 'ioredis';
import { endFailedHandshakes, tellable } from './connection.ts';

export type KeyEventsOptions = {
  /** `redis://` or `rediss://`, with the number of the database as path. */
  readonly url: string;
  /** Names of events, as `del`. */
  readonly events: readonly string[];
  /** Whether to turn notifications on where they are off. */
  readonly configure: boolean;
  readonly onKey: (key: string) => void;
  readonly onGap: () => void;
  /** In words, without address or password. */
  readonly onTrouble: (message: string) => void;
};

export type KeyEvents = { readonly close: () => void };

/** What must be among the server's `notify-keyspace-events`: by event, of generic commands. */
const needed = ['E', 'g'] as const;
const connectTimeoutMs = 5_000;
const longestRetryMs = 2_000;

/** Listens until closed, connecting again as often as it must. */
export function followKeyEvents(options: KeyEventsOptions): KeyEvents {
  const client = new Redis(options.url, {
    connectTimeout: connectTimeoutMs,
    maxRetriesPerRequest: null,
    autoResubscribe: false,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 8), longestRetryMs),
    disableClientInfo: true,
  });
  const database = client.options.db ?? 0;
  const prefix = `__keyevent@${database}__:`;
  client.on('message', (channel: string, key: string) => {
    if (channel.startsWith(prefix)) options.onKey(key);
  });
  endFailedHandshakes(client, (error) => options.onTrouble(tellable(error)));
  client.on('ready', () => {
    listen(client, prefix, options).catch((error: unknown) => {
      options.onTrouble(error instanceof Error ? error.message : String(error));
      // From the beginning: what has been subscribed to is not known.
      client.disconnect(true);
    });
  });
  return {
    close: () => {
      client.disconnect();
    },
  };
}

async function listen(client: Redis, prefix: string, options: KeyEventsOptions): Promise<void> {
  await ensureEnabled(client, options);
  await client.subscribe(...options.events.map((event) => prefix + event));
  options.onGap();
}

/** Managed servers may refuse `CONFIG`: whether they notify is then for their operator to see to. */
async function ensureEnabled(client: Redis, { configure, onTrouble }: KeyEventsOptions): Promise<void> {
  let flags: string;
  try {
    flags = flagsOf(await client.config('GET', 'notify-keyspace-events'));
  } catch {
    onTrouble('CONFIG is refused here: see to it that notify-keyspace-events has E and g');
    return;
  }
  if (needed.every((flag) => flags.includes(flag) || (flag !== 'E' && flags.includes('A')))) return;
  if (!configure) {
    onTrouble(
      `nothing is notified of (notify-keyspace-events is "${flags}"): set it to Eg, or give --configure`,
    );
    return;
  }
  await client.config('SET', 'notify-keyspace-events', [...new Set([...flags, ...needed])].join(''));
}

/** A list in RESP2, a mapping in RESP3. */
function flagsOf(answer: unknown): string {
  if (Array.isArray(answer)) return String(answer[1] ?? '');
  const values = typeof answer === 'object' && answer !== null ? Object.values(answer) : [];
  return String(values[0] ?? '');
}
