/**
 * Checks what several processes cannot do, or cannot share.
 */

import { type YAMLMap, isMap } from 'yaml';
import type { Listen, StoreConfig } from '../config.ts';
import { type Reading, placeOfKey } from '../reader/reader.ts';

type Shared = {
  readonly listen: Pick<Listen, 'workers'>;
  readonly store: StoreConfig;
  readonly isShadow: boolean;
  readonly isAudited: boolean;
};

/** Reports what does not go together with more than one worker. */
export function checkWorkers(
  { listen: { workers }, store, isShadow, isAudited }: Shared,
  root: YAMLMap | undefined,
  at: Reading,
): void {
  if (workers === 1) return;
  const sectionOf = (name: string): YAMLMap | undefined => {
    const section = root?.get(name, true);
    return isMap(section) ? section : undefined;
  };
  const listen = sectionOf('listen');
  const refuse = (what: string): void => {
    const message = `more than one worker with ${what} is not built yet: use one of them`;
    if (listen !== undefined) at.report('not-built', message, placeOfKey(listen, 'workers'));
  };
  if (isShadow) refuse('shadow mode');
  if (isAudited) refuse('`audit`');
  const section = sectionOf('store');
  const isTooLarge = workers !== 'auto' && store.maxObjectBytes * workers > store.memoryBytes;
  if (isTooLarge && section?.has('max_object') === true)
    at.report(
      'out-of-range',
      '`max_object` must not be larger than a worker’s share of `memory`',
      placeOfKey(section, 'max_object'),
    );
}
