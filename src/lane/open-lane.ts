/** The lane of a site, as its configuration has it. */

import type { Services } from '../proxy/exchange/exchange.ts';
import type { OpenLane } from '../proxy/listen/lane.ts';
import { limits } from '../proxy/listen/limits.ts';
import { createLane, type LaneOptions } from './lane.ts';

/** What the lane is made with: `peek` is not counted as an operation of the store, `onLookup` counts it. */
export type LaneStore = Pick<LaneOptions, 'peek' | 'onLookup'>;

/** Makes what makes the lane; `undefined`: there is none. */
export function openLane(services: Services, store: LaneStore): OpenLane | undefined {
  const { listen } = services.site().config;
  if (!listen.fastLane) return undefined;
  const { trustedProxies } = listen;
  return (http, { read, pipeline: run, onError }) =>
    createLane({ services, read, trustedProxies, limits, pipeline: { run, onError }, ...store }, http);
}
