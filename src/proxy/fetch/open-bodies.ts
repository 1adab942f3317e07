/** What one proxy needs to keep, prove, compress and send bodies, around its store. */

import { runAfter } from '../../kit/time.ts';
import type { Store } from '../../store/store.ts';
import type { Services } from '../exchange/exchange.ts';
import { PreparedEntries } from '../hit/prepared-entries.ts';
import { CodedBodies } from './coded-bodies.ts';
import { Compressor } from './compressor.ts';

/** Makes them. */
export const openBodies = (
  store: Store,
  later: Services['later'] = runAfter,
): Pick<Services, 'abandoned' | 'bodyRoom' | 'codedBodies' | 'compressor' | 'later' | 'prepared'> => ({
  abandoned: { count: 0 },
  bodyRoom: { kept: 0, unsent: 0 },
  codedBodies: new CodedBodies(),
  compressor: new Compressor(store),
  later,
  prepared: new PreparedEntries(),
});
