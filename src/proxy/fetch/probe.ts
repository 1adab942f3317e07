/** The fetch that finds out whether the origin is back (`origin/origin-health.ts`). One that hangs gives way to another. */

import { probePatience } from '../../origin/origin-health.ts';
import type { FillEnd, FillInput } from './fill-input.ts';

/** Resolves when the fetch is over, or has had its time. */
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
      if (probe !== undefined) origin.health.giveUp(probe, clock.monotonicMs());
    };
    void fetch(input).then(resolve, reject).finally(onOver);
  });
}
