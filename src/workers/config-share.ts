/** What each of several workers has of what the configuration gives to the whole. */

import { type Config, defaults } from '../config/config.ts';

/** The configuration of one of `workers`. What cannot be divided evenly is rounded so that something is left for each. */
export function configShare(config: Config, workers: number): Config {
  const { store, upstream, warm = { ...defaults.warm, onStart: undefined } } = config;
  const memoryBytes = Math.floor(store.memoryBytes / workers);
  return {
    ...config,
    store: { ...store, memoryBytes, maxObjectBytes: Math.min(store.maxObjectBytes, memoryBytes) },
    upstream: { ...upstream, connections: Math.max(1, Math.floor(upstream.connections / workers)) },
    warm: { ...warm, concurrency: Math.max(1, Math.floor(warm.concurrency / workers)) },
  };
}
