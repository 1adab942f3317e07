/** store/slot.ts: the variants of a key in memory. */
import t from 'tap';
import { packEntry } from '../../src/store/packed-entry.ts';
import { emptySlot, unpackAll, withoutIdlest } from '../../src/store/slot.ts';
import { entryBut, keyOf } from './entry.ts';

const variant = (name: string, lastUse: number) => {
  const packed = packEntry(entryBut({ variant: name }, 'page'));
  return { variant: name, packed, bytes: 1, uses: 0, lastUse };
};

t.test('its variants come back in order; the least recently used goes, of equals the later', async (t) => {
  const slot = emptySlot(keyOf('page'), 'public', 1);
  t.strictSame(unpackAll(slot), []);
  slot.stored = [variant('a', 3), variant('b', 0), variant('c', 0), variant('d', 5)];
  const names = (list: readonly { readonly variant: string }[]) => list.map((one) => one.variant).join('');
  t.equal(names(unpackAll(slot)), 'abcd');
  t.equal(names(withoutIdlest(slot.stored)), 'abd');
});
