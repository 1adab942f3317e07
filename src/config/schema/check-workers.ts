/**
 * Checks what several processes cannot share.
 */

import { type YAMLMap, isMap } from 'yaml';
import type { Listen, StoreConfig } from '../config.ts';
import { type Reading, placeOfKey } from '../reader/reader.ts';

type Shared = {
  readonly listen: Pick<Listen, 'workers'>;
  readonly store: StoreConfig;
};

/** Reports what does not go together with more than one worker. */
export function checkWorkers(
  { listen: { workers }, store }: Shared,
  root: YAMLMap | undefined,
  at: Reading,
): void {
  if (workers === 1) return;
  const section = root?.get('store', true);
  const isTooLarge = workers !== 'auto' && store.maxObjectBytes * workers > store.memoryBytes;
  if (isTooLarge && isMap(section) && section.has('max_object'))
    at.report(
      'out-of-range',
      '`max_object` must not be larger than a worker’s share of `memory`',
      placeOfKey(section, 'max_object'),
    );
}
