/** Assembles the shared store. It opens whether Redis is up or not, and uses Redis when it comes up. */

import { randomUUID } from 'node:crypto';
import type { RedisConfig, StoreConfig } from '../config/config.ts';
import type { BreakerState } from '../kit/breaker.ts';
import { type Clock, type Seconds, seconds } from '../kit/time.ts';
import type { CacheKey } from '../policy/key/cache-key.ts';
import { type CensusOptions, inTurn, takeCensus } from './redis/census.ts';
import type { UnreadableReason } from './redis/codec.ts';
import { FillLeases } from './redis/leases.ts';
import { readSyncReply, syncArguments, syncScript, syncScriptSha } from './log/log-script.ts';
import type { SyncReply, SyncRequest } from './log/log-script.ts';
import { LogTail, tailBlockMs } from './log/log-tail.ts';
import { openConnection, reconnect, type RedisClient, within } from './redis/connection.ts';
import { type HealthOptions, RedisHealth } from './redis/health.ts';
import { describeRefusal, type Owner, ownerText, type Refusal } from './redis/owner.ts';
import { redisKeys, type RedisKeys } from './redis/keys.ts';
import { nodesOf } from './redis/nodes.ts';
import { RedisPurgeLog } from './log/redis-purge-log.ts';
import { RedisEntries } from './redis/entries.ts';
import { SharedSessions } from './redis/sessions.ts';
import { unstamped } from './redis/stamps.ts';
import type { SharedByWorkers } from './shared-by-workers.ts';
import type { OnAppended } from './purge-log.ts';
import { type TieredOptions, TieredStore } from './redis/tiered.ts';

/** Events for operators; at most one a second of each `what`. */
export type StoreEvent =
  | { readonly what: 'breaker'; readonly state: BreakerState['kind'] }
  | { readonly what: 'connection'; readonly message: string }
  | { readonly what: 'generation' }
  | { readonly what: 'owner'; readonly message: string }
  | { readonly what: 'unreadable'; readonly reason: UnreadableReason };

type SharedStoreOptions = {
  readonly config: Pick<StoreConfig, 'coherence' | 'lag' | 'fallbackTtl'> & {
    readonly redis: RedisConfig;
  };
  readonly owner: Owner;
  readonly memory: TieredOptions['memory'];
  readonly clock: Clock;
  readonly isFetching?: ((key: CacheKey) => boolean) | undefined;
  readonly onEvent: (event: StoreEvent) => void;
  readonly onAppended?: OnAppended | undefined;
  readonly onSlowWrite?: TieredOptions['onSlowWrite'];
  /** What a worker shares with the others of its instance. */
  readonly shared?: SharedByWorkers | undefined;
  /** How long purges are remembered: an entry older than that is not current. */
  readonly keep?: Seconds;
};

export type SharedStore = {
  readonly store: TieredStore;
  readonly purgeLog: RedisPurgeLog;
  readonly entries: RedisEntries;
  readonly learned: SharedSessions;
  readonly keys: RedisKeys;
  readonly health: RedisHealth;
  /** How many values read were not valid entries, by reason (DESIGN §3.3). */
  readonly unreadable: Readonly<Partial<Record<UnreadableReason, number>>>;
  /** The connection for upkeep: never one that a request waits for. */
  readonly upkeep: RedisClient;
  readonly close: () => Promise<void>;
};

const handshakeMs = 1000;
const writeMs = 2000;
const censusStepMs = 500;
/** How long a fetching instance may be silent before another begins. */
const leaseMs = 3000;
const defaultKeep = seconds(86_400);

/** Opens the shared store. Resolves when Redis has answered once, or after a second without an answer. */
export async function openSharedStore(options: SharedStoreOptions): Promise<SharedStore> {
  const { config, memory, clock, isFetching, onSlowWrite, owner, shared } = options;
  const { redis, lag, fallbackTtl } = config;
  const { deadline } = redis;
  const instance = shared?.reader ?? randomUUID();
  const keys = redisKeys(redis.prefix);
  const onEvent = limited(clock, options.onEvent);
  const links = openLinks(redis, onEvent);
  const health = healthOf({ clock, lag, fallbackTtl }, links, onEvent);
  const purgeLog = openLog(options, { instance, keys, health, client: links.reader, onEvent });
  const unreadable: Partial<Record<UnreadableReason, number>> = {};
  const entries = new RedisEntries({
    ...links,
    keys,
    instance,
    clock,
    readLimitMs: deadline * 1000,
    writeLimitMs: writeMs,
    onUnreadable: (reason) => {
      unreadable[reason] = (unreadable[reason] ?? 0) + 1;
      onEvent({ what: 'unreadable', reason });
    },
  });
  const leasing = { client: links.reader, keys, instance, clock, deadlineMs: deadline * 1000, leaseMs };
  const leases = redis.fillLock ? new FillLeases({ ...leasing, isFetching }) : undefined;
  const census = censusOf(links.writer, { keys, entries, clock });
  const tiers = { memory, entries, log: purgeLog, health, leases, census };
  const store = new TieredStore({ ...tiers, clock, deadline, onSlowWrite });
  const telling = { keys, health, clock, deadlineMs: deadline * 1000, owner: ownerText(owner) };
  const learned = new SharedSessions({ ...links, ...telling, near: shared?.near });
  const tail = new LogTail({
    client: links.tail,
    key: keys.log,
    place: () => (health.isProven('tail') ? purgeLog.place : 0),
    onRecords: (records) => purgeLog.onRecords(records),
  });
  await Promise.all([opened(links.reader), opened(links.writer)]);
  await purgeLog.start();
  tail.start();
  const close = async (): Promise<void> => {
    await within(writeMs, Promise.all([store.settled(), learned.settled()])).catch(() => undefined);
    await purgeLog.close();
    // Others that wait for this instance to read on need not wait for its lease to expire.
    const left = health.isProven('reader') ? links.reader.hdel(keys.instances, instance) : Promise.resolve();
    await within<unknown>(deadline * 1000, left).catch(() => undefined);
    await tail.close();
    for (const client of [links.reader, links.writer]) client.disconnect();
  };
  return { store, purgeLog, entries, learned, keys, health, unreadable, upkeep: links.writer, close };
}

type Counted = Pick<SharedStore, 'keys' | 'entries'> & { readonly clock: Clock };

function censusOf(client: RedisClient, { keys, entries, clock }: Counted): ReturnType<typeof inTurn> {
  const retime: CensusOptions['retime'] = ({ stamp, ...head }) =>
    unstamped(head, { stamp, reader: entries.stamp(), now: clock.now() });
  const nowMs = (): number => clock.monotonicMs();
  return inTurn(
    (limits) => takeCensus({ nodes: nodesOf(client, censusStepMs), keys, nowMs, retime }, limits),
    nowMs,
  );
}

type OnEvent = SharedStoreOptions['onEvent'];
type Links = { readonly reader: RedisClient; readonly writer: RedisClient; readonly tail: RedisClient };

function openLinks({ server, deadline }: RedisConfig, onEvent: OnEvent): Links {
  const onError = (message: string): void => onEvent({ what: 'connection', message });
  const open = (commandTimeoutMs: number): RedisClient =>
    openConnection(server, { commandTimeoutMs, onError });
  return {
    reader: open(Math.max(deadline * 1000, handshakeMs)),
    writer: open(Math.max(deadline * 1000, writeMs)),
    tail: open(tailBlockMs + handshakeMs),
  };
}

function healthOf(
  options: Pick<HealthOptions, 'clock' | 'lag' | 'fallbackTtl'>,
  links: Links,
  onEvent: OnEvent,
): RedisHealth {
  const health = new RedisHealth({ ...options, onBreaker: (state) => onEvent({ what: 'breaker', state }) });
  for (const name of ['reader', 'writer', 'tail'] as const) {
    // For a Cluster, also the connections to its nodes.
    for (const event of ['connect', 'close', '+node', '-node'])
      links[name].on(event, () => health.changed(name));
  }
  return health;
}

type Logging = Pick<SharedStore, 'keys' | 'health'> & {
  readonly instance: string;
  readonly client: RedisClient;
  readonly onEvent: OnEvent;
};

function openLog(
  options: SharedStoreOptions,
  { instance, keys, health, client, onEvent }: Logging,
): RedisPurgeLog {
  const { config, clock, keep = defaultKeep, onAppended, owner, shared } = options;
  const { lag, coherence, redis } = config;
  const log = new RedisPurgeLog({
    instance,
    owner,
    send: (request) => sendSync(client, keys, request),
    reconnect: () => reconnect(client),
    health,
    clock,
    lag,
    deadline: redis.deadline,
    coherence,
    keep,
    onGeneration: () => onEvent({ what: 'generation' }),
    onRefused: (refusal) => {
      const message = describeRefusal(refusal, { prefix: redis.prefix, owner, key: keys.owner });
      onEvent({ what: 'owner', message });
    },
    ...{ onAppended, workers: shared?.workers },
  });
  shared?.onRedisLog(log);
  return log;
}

function opened(client: RedisClient): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, handshakeMs);
    for (const event of ['ready', 'close', 'end']) {
      client.once(event, () => {
        clearTimeout(timer);
        resolve();
      });
    }
  });
}

async function sendSync(
  client: RedisClient,
  keys: RedisKeys,
  request: SyncRequest,
): Promise<SyncReply | Refusal> {
  const given = [3, keys.log, keys.instances, keys.owner, ...syncArguments(request)] as const;
  try {
    return readSyncReply(await client.evalsha(syncScriptSha, ...given));
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return readSyncReply(await client.eval(syncScript, ...given));
  }
}

/** Passes on at most one event a second of each kind and state, so that trouble does not flood the log. */
function limited(clock: Clock, onEvent: (event: StoreEvent) => void): (event: StoreEvent) => void {
  const last = new Map<string, number>();
  return (event) => {
    const kind = event.what === 'breaker' ? `breaker ${event.state}` : event.what;
    const nowMs = clock.monotonicMs();
    if (nowMs - (last.get(kind) ?? -Infinity) < 1000) return;
    last.set(kind, nowMs);
    onEvent(event);
  };
}
