/**
 * Parts of the configuration that are read and checked but change nothing yet. Whoever starts the proxy says so, once.
 */

import type { Config } from '../config.ts';

/** What is not active yet, and whether a configuration asks for it. A row goes when its behaviour comes. */
const inactive: Readonly<Record<string, (config: Config) => boolean>> = {
  'listen.tls': (config) => config.listen.tls !== undefined,
  'listen.workers': (config) => config.listen.workers !== 1,
};

/** The keys a configuration uses that have no effect yet, in the words of the file. */
export function inactiveSections(config: Config): readonly string[] {
  return Object.entries(inactive).flatMap(([name, isUsed]) => (isUsed(config) ? [name] : []));
}
