/**
 * The fetch that finds out whether the origin is back (`origin/origin-health.ts`): in the background, for a response that
 * somebody wants.
 *
 * Promise: one that hangs keeps nobody from asking for longer than the patience with it: another may be the probe, and its
 * key is free. It goes on: a late answer is an answer, also to those who have been waiting for it.
 */

import { probePatience } from '../../origin/origin-health.ts';
import type { FillEnd, FillInput } from './fill-input.ts';

/** Runs the fetch of an input that holds a probe; resolves when it is over, or has had its time. */
export function probeWith(input: FillInput, fetch: (input: FillInput) => Promise<FillEnd>): Promise<FillEnd> {
  const { exchange, probe } = input;
  const { clock, later, origin } = exchange.services;
  return new Promise((resolve, reject) => {
    const cancel = later(probePatience, () => {
      if (probe === undefined || !origin.health.giveUp(probe, clock.monotonicMs())) return;
      input.flight?.makeWay();
      resolve({ status: undefined, entry: undefined, notStored: undefined, failure: 'head-timeout' });
    });
    const onOver = (): void => {
      cancel();
      // Whatever became of it, it is the probe no more.
      if (probe !== undefined) origin.health.giveUp(probe, clock.monotonicMs());
    };
    void fetch(input).then(resolve, reject).finally(onOver);
  });
}
