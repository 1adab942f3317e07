/**
 * The request path without a network: an exchange goes through the real pipeline, with services that record instead of act.
 *
 * Promises: nothing is sent, stored, purged, counted or learned, and the clock stands still. The result is what the pipeline
 * does, because the pipeline computes it.
 */

import { Readable } from 'node:stream';
import { combinedValue, fieldLines } from '../http/fields.ts';
import type { Fields } from '../http/message.ts';
import { BoundedMap } from '../kit/bounded-map.ts';
import { SingleFlight } from '../kit/single-flight.ts';
import type { EpochMs } from '../kit/time.ts';
import type { OriginCondition } from '../origin/origin-health.ts';
import type { OriginReceiver, OriginRequest } from '../origin/call.ts';
import type { Origin } from '../origin/origin.ts';
import type { Purge } from '../store/purge-log.ts';
import type { Entry, Store } from '../store/store.ts';
import type { ClientRequest } from '../proxy/exchange/client-request.ts';
import type { Background, CacheExchange, Services, Site } from '../proxy/exchange/exchange.ts';
import { fetchInBackground } from '../proxy/fetch/fetch.ts';
import { openBodies } from '../proxy/fetch/open-bodies.ts';
import type { Outcome } from '../proxy/exchange/outcome.ts';
import type { Forwarded } from '../proxy/pass/pass.ts';
import { createPipeline } from '../proxy/pipeline.ts';
import { nobody, type Reply } from '../proxy/exchange/reply.ts';

/** The assumed answer of the origin. Without `body`, it has one of the length in its head. */
export type DryAnswer = { readonly status: number; readonly fields: Fields; readonly body?: Buffer };

export type DryRunInput = {
  readonly request: ClientRequest;
  /** Undefined: unknown, as one that is not read to its end. */
  readonly requestBody?: Buffer | undefined;
  readonly answer: DryAnswer;
  readonly now: EpochMs;
  readonly usesStore: boolean;
};

export type DryRun = {
  readonly outcome: Outcome;
  /** Its Cache-Status as the client gets it: it is written before the body has arrived. */
  readonly cacheStatus: string | undefined;
  readonly exchange: CacheExchange | undefined;
  readonly variants: readonly Entry[];
  readonly sent: Pick<OriginRequest, 'method' | 'target' | 'fields'> | undefined;
  readonly entry: Entry | undefined;
  readonly purges: readonly Purge[];
  readonly body: Buffer;
};

/** Runs one exchange. `services` are those of a running proxy or, without one, `offlineServices`; they stay as they are. */
export async function dryRun(services: Services, input: DryRunInput): Promise<DryRun> {
  const body = input.answer.body ?? imaginedBody(input.answer, services.site());
  const record: Recorded = { body, purges: [], variants: [] };
  let proxied: Promise<void> | undefined;
  const forward = (forwarded: Forwarded): void => {
    const { target, fields } = forwarded;
    record.sent = { method: input.request.method, target, fields };
    const { status, fields: answered } = input.answer;
    proxied = forwarded.onHead(status, answered).then(({ fields: released, keeper }) => {
      record.cacheStatus = cacheStatusOf(released);
      keeper?.add(body);
      keeper?.finish(true);
      forwarded.onEnd();
    });
  };
  const pipeline = createPipeline(recordingServices(services, input, record));
  const { request, requestBody } = input;
  const reply = recordingReply(record, requestBody);
  await pipeline(requestBody === undefined ? request : { ...request, hasBody: true }, reply, forward);
  await proxied;
  await record.renewal;
  const { outcome, cacheStatus, exchange, variants, sent, entry, purges } = record;
  if (outcome === undefined) throw new Error('the pipeline reported no outcome');
  return { outcome, cacheStatus, exchange, variants, sent, entry, purges, body };
}

type Recorded = {
  outcome?: Outcome;
  cacheStatus?: string | undefined;
  exchange?: CacheExchange;
  variants: readonly Entry[];
  renewal?: Promise<unknown> | undefined;
  sent?: DryRun['sent'];
  entry?: Entry;
  readonly purges: Purge[];
  readonly body: Buffer;
};

function recordingServices(
  services: Services,
  { answer, now, usesStore }: DryRunInput,
  record: Recorded,
): Services {
  const site = services.site();
  const { purgeLog, popularity, evicted } = services;
  const store = recordingStore(usesStore ? services.store : undefined, record);
  return {
    site: () => site,
    isQuarantined: services.isQuarantined,
    clock: { now: () => now, monotonicMs: () => 0, aheadMs: () => services.clock.aheadMs?.() ?? 0 },
    origin: recordingOrigin(answer, { record, health: seenHealth(services) }),
    store,
    ...openBodies(store),
    later: () => ignore,
    purgeLog: {
      position: () => purgeLog.position(),
      verdict: (subject) => purgeLog.verdict(subject),
      positionAt: (at) => purgeLog.positionAt(at),
      meets: (purge) => purgeLog.meets(purge),
      append: (purge) => {
        record.purges.push(purge);
        return Promise.resolve({ instances: { known: 0, acknowledged: 0 } });
      },
    },
    flights: new SingleFlight({ maxFlights: 1, maxWaiters: 0 }),
    uncacheable: new BoundedMap(1),
    evicted: usesStore ? evicted : new BoundedMap(1),
    // The request itself would be counted first.
    popularity: { record: ignore, isHigh: (key, at) => popularity.isHigh(key, at, 1) },
    codedBodies: { isWhole: () => true },
    learnSession: ignore,
    background: recordingBackground(record),
    // The first outcome is that of the exchange itself; later ones belong to a renewal.
    onOutcome: (outcome) => void (record.outcome ??= outcome),
  };
}

const ignore = (): void => undefined;

/** The last field of the name is ours. */
const cacheStatusOf = (fields: Fields): string | undefined => fieldLines(fields, 'cache-status').at(-1);

function recordingReply(record: Recorded, requestBody: Buffer | undefined): Reply {
  return {
    ...nobody,
    get requestBody() {
      return requestBody === undefined ? nobody.requestBody : bodyOf(requestBody);
    },
    head: (_status, fields) => void (record.cacheStatus ??= cacheStatusOf(fields)),
  };
}

function recordingBackground(record: Recorded): Background {
  return {
    onAsked: (exchange) => void (record.exchange = exchange),
    onStaleHit: (exchange, entry) => void (record.renewal = fetchInBackground(exchange, entry)),
    onFreshHit: ignore,
    onStored: ignore,
  };
}

/** A request's body as it comes from a client. */
const bodyOf = (bytes: Buffer): Readable =>
  new Readable({
    read() {
      this.emit('progress', bytes);
      this.push(bytes);
      this.push(null);
    },
  });

/** Reads a store without counting as use: a use would keep an entry longer. */
function recordingStore(store: Store | undefined, record: Recorded): Store {
  const peek: Store['peek'] = (key) =>
    store === undefined
      ? []
      : [...store.subjects()]
          .filter((subject) => subject.key === key)
          .flatMap((subject) => store.inForce(subject) ?? []);
  const found = (variants: readonly Entry[]): readonly Entry[] => (record.variants = variants);
  return {
    peek: (key) => found(peek(key)),
    get: (key) => store?.get(key).then(found) ?? Promise.resolve([]),
    hasSlowTier: store?.hasSlowTier ?? false,
    isDown: store?.isDown ?? false,
    endedBy: (key) => store?.endedBy?.(key),
    put: (entry) => void (record.entry = entry),
    use: ignore,
    uses: () => 0,
    remove: ignore,
    applyLifetimes: ignore,
    inForce: () => undefined,
    entries: () => [],
    subjects: () => [],
    size: () => ({ entries: 0, bytes: 0 }),
  };
}

/** Whether the breaker lets requests through, without becoming its probe. */
function seenHealth({ origin: { health }, clock }: Services): OriginCondition {
  const pauseMs = (): number => health.pauseMs(clock.monotonicMs());
  return {
    isClosed: health.isClosed,
    trouble: health.trouble,
    pauseMs,
    admit: () => ({ kind: pauseMs() > 0 ? 'held' : 'free' }),
    giveUp: () => false,
    heard: ignore,
  };
}

type Recording = { readonly record: Recorded; readonly health: OriginCondition };

function recordingOrigin({ status, fields }: DryAnswer, { record, health }: Recording): Origin {
  return {
    send: ({ method, target, fields: sent, body: uploaded }, receiver) => {
      // A validation whose 304 does not match is followed by a second request.
      record.sent ??= { method, target, fields: sent };
      const play = new Playback(receiver);
      const body = method === 'HEAD' ? undefined : record.body;
      const run = (): void => {
        play.run({ status, fields, body });
      };
      if (uploaded === undefined) queueMicrotask(run);
      else uploaded.once('end', run).resume();
      return play;
    },
    forward: () => {
      throw new Error('a dry run must not reach the network');
    },
    health,
    close: () => Promise.resolve(),
  };
}

class Playback {
  readonly #receiver: OriginReceiver;
  #hasEnded = false;

  constructor(receiver: OriginReceiver) {
    this.#receiver = receiver;
  }

  run({ status, fields, body }: Omit<DryAnswer, 'body'> & { readonly body: Buffer | undefined }): void {
    const receiver = this.#receiver;
    receiver.onHead({ status, fields, reasonPhrase: '', framing: 'length' });
    if (!this.#hasEnded && body !== undefined && body.length > 0) receiver.onData(body);
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    receiver.onEnd([]);
  }

  abort(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#receiver.onFailure({ reason: 'aborted', sent: true });
  }

  resume(): void {
    // There is no back-pressure.
  }
}

/** A body of the length in the answer's head; without one, long enough for every `smaller_than`. Its content is unknown. */
function imaginedBody({ fields }: DryAnswer, { config }: Site): Buffer {
  const given = combinedValue(fields, 'content-length');
  const length = given === undefined ? longestMinimum(config) : Number(given);
  // A body too long to store is refused by its head.
  return length > 0 && length <= config.store.maxObjectBytes ? Buffer.alloc(length) : Buffer.alloc(0);
}

function longestMinimum({ contentTypes }: Site['config']): number {
  const conditions = [...contentTypes.values()].flatMap(({ unless }) => unless);
  return Math.max(
    0,
    ...conditions.map((condition) => (condition.kind === 'smaller_than' ? condition.bytes : 0)),
  );
}
