import t from 'tap';
import { probeWith } from '../../../src/proxy/fetch/probe.ts';
import type { FillEnd } from '../../../src/proxy/fetch/fill-input.ts';
import { exchangeBut } from '../exchange-but.ts';
import { endBut, ledBut } from './fill-input-but.ts';

/** A probe under way. */
function probing() {
  const { exchange, clock, timers } = exchangeBut('unmatched: standard');
  const { health } = exchange.services.origin;
  const timing = { startedMs: 0, nowMs: clock.monotonicMs(), probe: undefined };
  for (let count = 0; count < 5; count += 1) health.heard({ kind: 'failed', reason: 'refused' }, timing);
  clock.advance(1);
  const admission = health.admit(clock.monotonicMs());
  if (admission.kind !== 'probe') throw new Error(admission.kind);
  const { input } = ledBut(exchange, { probe: admission.probe });
  const { promise, resolve } = Promise.withResolvers<FillEnd>();
  const over = probeWith(input, () => promise);
  const { flights } = exchange.services;
  const mayAsk = () => health.admit(clock.monotonicMs()).kind === 'probe';
  return {
    over,
    resolve,
    clock,
    timers,
    mayAsk,
    isUnderWay: () => flights.get(exchange.plan.key) !== undefined,
  };
}

t.test(
  'one that hangs makes way after two seconds: its key is free, and another may be the probe',
  async (t) => {
    const { over, clock, timers, mayAsk, isUnderWay } = probing();
    clock.advance(1.9);
    timers.fire();
    t.strictSame([isUnderWay(), mayAsk()], [true, false]);
    clock.advance(0.1);
    timers.fire();
    t.strictSame(await over, endBut({ status: undefined, failure: 'head-timeout' }));
    t.equal(isUnderWay(), false);
    clock.advance(3);
    t.equal(mayAsk(), true);
  },
);

t.test('one that ends in time is the end of the fetch, and no probe any more', async (t) => {
  const { over, resolve, clock, timers, mayAsk, isUnderWay } = probing();
  resolve(endBut({ status: 503 }));
  t.strictSame(await over, endBut({ status: 503 }));
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(2);
  timers.fire();
  t.equal(isUnderWay(), true, 'its flight ends with the fetch');
  clock.advance(3);
  t.equal(mayAsk(), true);
});
