/** The services of a proxy for tests: real ones on a clock that the test moves, no origin, and variations. */

import { offlineServices } from '../../src/explain/explain.ts';
import { BoundedMap } from '../../src/kit/bounded-map.ts';
import { SingleFlight } from '../../src/kit/single-flight.ts';
import type { Services } from '../../src/proxy/exchange/exchange.ts';
import type { Outcome } from '../../src/proxy/exchange/outcome.ts';
import { openBodies } from '../../src/proxy/fetch/open-bodies.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import { TestClock } from '../helpers/test-clock.ts';
import { configOf } from '../policy/config-of.ts';
import { TestTimers } from '../refresh/test-timers.ts';

/** The time of a test, and what happens in it later. */
export type TestTime = { readonly clock: TestClock; readonly timers: TestTimers };

/** Starts a clock that stands still. */
export function testTime(startedAt?: string): TestTime {
  const clock = new TestClock(startedAt);
  return { clock, timers: new TestTimers(clock) };
}

/** Services under rules as text; outcomes are collected. */
export function servicesBut(
  rules: string,
  { clock, timers, storeBytes = 64 * 1024 * 1024 }: TestTime & { readonly storeBytes?: number },
  change: Partial<Services> = {},
): { readonly services: Services; readonly outcomes: Outcome[] } {
  const outcomes: Outcome[] = [];
  const store = new MemoryStore({ maxBytes: storeBytes });
  const services: Services = {
    ...offlineServices(configOf(rules), { clock, verifyJwt: undefined }),
    store,
    ...openBodies(store, timers.later),
    later: timers.later,
    flights: new SingleFlight({ maxFlights: 10_000, maxWaiters: 10_000 }),
    uncacheable: new BoundedMap(1000),
    evicted: new BoundedMap(1000),
    ...change,
    onOutcome: (outcome) => {
      change.onOutcome?.(outcome);
      outcomes.push(outcome);
    },
  };
  return { services, outcomes };
}
