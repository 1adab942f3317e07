/**
 * Listens to changes of keys in an app's own Redis (keyspace notifications).
 *
 * Promises: it never writes, except the one setting that turns notifications on, if asked to. Redis does not keep
 * notifications, so `onGap` is called whenever listening begins, also after a lost connection: events may have been missed.
 */

import { Redis } from 'ioredis';
import { endFailedHandshakes, tellable } from './connection.ts';

export type KeyEventsOptions = {
  readonly url: string;
  readonly events: readonly string[];
  readonly configure: boolean;
  readonly onKey: (key: string) => void;
  readonly onGap: () => void;
  readonly onTrouble: (message: string) => void;
};

export type KeyEvents = { readonly close: () => void };

/** The flags that the server's `notify-keyspace-events` must have: by event, generic commands. */
const needed = ['E', 'g'] as const;
const connectTimeoutMs = 5_000;
const longestRetryMs = 2_000;

/** Listens until closed, reconnecting as often as necessary. */
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
      // Start over: the state of the subscriptions is unknown.
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

/** Managed servers may refuse `CONFIG`; their operator must then turn notifications on. */
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
