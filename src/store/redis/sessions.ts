/**
 * Learned session cookies that instances share through Redis: a login through one instance is known to all (DESIGN §5).
 *
 * Promises:
 * - Only digests leave this process, each with an expiry.
 * - Sharing is off the request path, bounded, and may fail without harm: an unshared cookie is a partition of its own
 *   until the origin renews it.
 * - Only a cookie unknown here is looked up, once for all who wait, within the deadline, and only while Redis answers.
 *   A "no" is remembered for a moment, so a forged cookie costs one lookup and not one for each request.
 */

import { BoundedMap } from '../../kit/bounded-map.ts';
import type { Clock, Seconds } from '../../kit/time.ts';
import { UnderWay } from '../../kit/under-way.ts';
import { WorkQueue } from '../../kit/work-queue.ts';
import type { LearnedElsewhere } from '../../policy/identity/session-proof.ts';
import { LearnedSessionMap, type LearnedSessionStore } from '../learned-sessions.ts';
import { type RedisClient, within } from './connection.ts';
import type { RedisHealth } from './health.ts';
import type { RedisKeys } from './keys.ts';

type SharedSessionsOptions = {
  readonly reader: Pick<RedisClient, 'get'>;
  readonly writer: Pick<RedisClient, 'set'>;
  readonly keys: Pick<RedisKeys, 'learned'>;
  /** The app that gave or renewed the cookies: the value in Redis for each. */
  readonly owner: string;
  readonly health: RedisHealth;
  readonly clock: Clock;
  readonly deadlineMs: number;
  /** What this process knows. */
  readonly near?: LearnedSessionMap | undefined;
};

type Job = { readonly digest: string; readonly keptFor: Seconds };

/** How long a "no" is remembered: by then an instance that has just learned the cookie has shared it. */
const noMs = 1000;
const mostNos = 20_000;
const mostQuestions = 1000;
const mostWaiting = 10_000;
const writesAtOnce = 8;

/** The learned cookies of all instances. */
export class SharedSessions implements LearnedSessionStore {
  readonly elsewhere: LearnedElsewhere;
  readonly #options: SharedSessionsOptions;
  readonly #near: LearnedSessionMap;
  readonly #unknown = new BoundedMap<string, number>(mostNos);
  readonly #questions = new UnderWay<string, Promise<void>>();
  readonly #writes: WorkQueue<Job>;

  constructor(options: SharedSessionsOptions) {
    this.#options = options;
    this.#near = options.near ?? new LearnedSessionMap();
    this.elsewhere = {
      mayKnow: (digest) => this.#mayKnow(digest),
      ask: (digest) => this.#ask(digest),
    };
    this.#writes = new WorkQueue<Job>({
      run: (job) => this.#tell(job),
      concurrency: writesAtOnce,
      maxWeight: mostWaiting,
    });
  }

  isTrusted(cookieDigest: string): boolean {
    return this.#near.isTrusted(cookieDigest);
  }

  trust(cookieDigest: string, keptFor: Seconds): void {
    this.#near.trust(cookieDigest);
    if (!this.#options.health.mayUse('writer')) return;
    this.#writes.add(cookieDigest, 1, { digest: cookieDigest, keptFor });
  }

  settled(): Promise<void> {
    return this.#writes.idle();
  }

  #mayKnow(digest: string): boolean {
    const { health, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    if (!health.mayUse('reader') || !health.isHeard(nowMs)) return false;
    if ((this.#unknown.get(digest) ?? 0) > nowMs) return false;
    return this.#questions.size < mostQuestions || this.#questions.has(digest);
  }

  #ask(digest: string): Promise<void> {
    const underWay = this.#questions.get(digest);
    if (underWay !== undefined) return underWay;
    const question = this.#lookUp(digest).finally(() => this.#questions.delete(digest));
    this.#questions.set(digest, question);
    return question;
  }

  async #lookUp(digest: string): Promise<void> {
    const { reader, keys, health, clock, deadlineMs, owner } = this.#options;
    const askedAtMs = clock.monotonicMs();
    try {
      const found = await within(deadlineMs, reader.get(keys.learned(digest)));
      health.ended(false, true);
      // A cookie that another app gave proves nothing here.
      if (found === owner) this.#near.trust(digest);
      else this.#unknown.set(digest, clock.monotonicMs() + noMs);
    } catch {
      // The cookie stays unknown, as without Redis; the breaker counts the failure.
      const nowMs = clock.monotonicMs();
      health.ended(false, false);
      // This request must not wait again when its page is looked up. A timer may fire a fraction of a millisecond early.
      if (nowMs - askedAtMs >= deadlineMs - 1) health.breaker.trip(nowMs);
      this.#unknown.set(digest, nowMs + noMs);
    }
  }

  async #tell({ digest, keptFor }: Job): Promise<void> {
    const { writer, keys, health, owner } = this.#options;
    if (!health.mayUse('writer')) return;
    await writer.set(keys.learned(digest), owner, 'EX', Math.max(1, Math.ceil(keptFor)));
  }
}
