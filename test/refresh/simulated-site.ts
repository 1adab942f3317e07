/**
 * The request path with its background work, an origin and clients in one process, all on one clock that the test moves:
 * reproducible, and hours take seconds.
 */

import pino from 'pino';
import { type Clock, type Seconds, seconds } from '../../src/kit/time.ts';
import { type CallListener, CallTeller } from '../../src/origin/call-listener.ts';
import type { OriginReceiver, OriginRequest } from '../../src/origin/call.ts';
import type { Origin } from '../../src/origin/origin.ts';
import { OriginHealth } from '../../src/origin/origin-health.ts';
import { readAsked } from '../../src/proxy/exchange/asked-request.ts';
import { nobody } from '../../src/proxy/exchange/reply.ts';
import { createPipeline } from '../../src/proxy/pipeline.ts';
import { soleLease } from '../../src/refresh/lease.ts';
import { openRefresh } from '../../src/refresh/open-refresh.ts';
import { LocalPurgeLog, type PurgeLog } from '../../src/store/purge-log.ts';
import { configOf } from '../policy/config-of.ts';
import { servicesBut, testTime } from '../proxy/services-but.ts';
import type { TestTimers } from './test-timers.ts';

/** Evenly spread over 0 to 1, the same sequence each time (mulberry32). */
export function dice(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export type SimulatedOrigin = Origin & {
  latency: Seconds;
  /** How many requests it works on at once; the others wait. */
  workers: number;
  requests: number;
  atOnce: number;
  mostAtOnce: number;
  listeners: readonly CallListener[];
  readonly health: OriginHealth;
};

function simulatedOrigin(timers: TestTimers, clock: Clock): SimulatedOrigin {
  const waiting: (() => void)[] = [];
  let busy = 0;
  const work = (): void => {
    while (busy < origin.workers) {
      const next = waiting.shift();
      if (next === undefined) return;
      busy += 1;
      timers.later(origin.latency, () => {
        busy -= 1;
        next();
        work();
      });
    }
  };
  const origin: SimulatedOrigin = {
    latency: seconds(0.02),
    workers: Number.POSITIVE_INFINITY,
    requests: 0,
    atOnce: 0,
    mostAtOnce: 0,
    listeners: [],
    forward: undefined as never,
    health: new OriginHealth(),
    close: () => Promise.resolve(),
    send: ({ fields }: OriginRequest, receiver: OriginReceiver) => {
      origin.requests += 1;
      const { listeners } = origin;
      const call = new CallTeller({ listeners, clock, probe: undefined, hasBody: false });
      origin.atOnce += 1;
      origin.mostAtOnce = Math.max(origin.mostAtOnce, origin.atOnce);
      const isSame = fields.some((text) => text.toLowerCase() === 'if-none-match');
      waiting.push(() => {
        origin.atOnce -= 1;
        const head = { reasonPhrase: '', fields: ['ETag', '"v1"', 'Content-Length', isSame ? '0' : '4'] };
        call.answered(isSame ? 304 : 200, undefined);
        receiver.onHead({ ...head, status: isSame ? 304 : 200, framing: isSame ? 'none' : 'length' });
        if (!isSame) receiver.onData(Buffer.from('page'));
        receiver.onEnd([]);
        call.ended();
      });
      work();
      return { abort: () => undefined, resume: () => undefined };
    },
  };
  return origin;
}

/** Builds it. `rules` is a configuration without upstream. */
export function simulatedSite(rules: string, options: { readonly popularFile?: string } = {}) {
  const config = configOf(rules);
  const time = testTime();
  const { clock, timers } = time;
  const origin = simulatedOrigin(timers, clock);
  const purgeLog: PurgeLog = new LocalPurgeLog('log', 0, {
    onAppended: (purge) => {
      refresh.onAppended(purge);
    },
  });
  const refresh = openRefresh({
    services: () => services,
    config: () => config,
    purgeLog,
    health: origin.health,
    clock,
    log: pino({ level: 'silent' }),
    lease: soleLease,
    dice: dice(7),
    later: timers.later,
    popularFile: options.popularFile,
  });
  origin.listeners = [refresh.callListener];
  const { services, outcomes } = servicesBut(rules, time, {
    purgeLog,
    origin,
    onOutcome: refresh.onOutcome,
    background: refresh.background,
  });
  const pipeline = createPipeline(services);
  /** One client's request; its outcome comes into `outcomes`. */
  const ask = (url: string): void => {
    const read = readAsked(
      { method: 'GET', url, fields: [], host: 'www.example.org' },
      { hosts: undefined, trustedProxies: [] },
    );
    if (read.kind !== 'request') throw new Error(`${url} is refused`);
    void pipeline(read.request, nobody, () => undefined);
  };
  return { clock, timers, origin, outcomes, services, refresh, ask };
}
