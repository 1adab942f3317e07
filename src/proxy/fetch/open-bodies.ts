/** What one proxy needs to keep, prove, compress and send bodies, around its store. */

import type { Store } from '../../store/store.ts';
import type { ProxyParts } from '../exchange/exchange.ts';
import { PreparedEntries } from '../hit/prepared-entries.ts';
import { CodedBodies } from './coded-bodies.ts';
import { Compressor } from './compressor.ts';

/** Makes them. */
export const openBodies = (
  store: Store,
): Pick<ProxyParts, 'bodyRoom' | 'codedBodies' | 'compressor' | 'prepared'> => ({
  bodyRoom: { kept: 0, unsent: 0 },
  codedBodies: new CodedBodies(),
  compressor: new Compressor(store),
  prepared: new PreparedEntries(),
});
