/**
 * Parts of the configuration that are read and checked but change nothing yet. Whoever starts the proxy says so, once.
 */

import type { Config, ContentType } from './config.ts';

const someType = (config: Config, has: (type: ContentType) => boolean): boolean =>
  [...config.contentTypes.values()].some(has);

/** What is not active yet, and whether a configuration asks for it. A row goes when its behaviour comes. */
const inactive: Readonly<Record<string, (config: Config) => boolean>> = {
  'listen.tls': (config) => config.listen.tls !== undefined,
  'listen.workers': (config) => config.listen.workers !== 1,
  'store.coherence': (config) => config.store.coherence !== 'bounded',
  'store.redis': (config) => config.store.redis !== undefined,
  'content_types.*.refresh_ahead': (config) => someType(config, (type) => type.refreshAhead),
  'purge.refill': (config) => config.purge.refill,
  warm: (config) => config.warm !== undefined,
  refresh: (config) => config.refresh.length > 0,
  janitor: (config) => config.janitor !== undefined,
  alerts: (config) => config.alerts.length > 0,
  report: (config) => config.report !== undefined,
};

/** The keys a configuration uses that have no effect yet, in the words of the file. */
export function inactiveSections(config: Config): readonly string[] {
  return Object.entries(inactive).flatMap(([name, isUsed]) => (isUsed(config) ? [name] : []));
}
