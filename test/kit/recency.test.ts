/** kit/recency.ts: the order of use. */
import t from 'tap';
import { Recency } from '../../src/kit/recency.ts';

type Thing = { readonly name: string; older: Thing | undefined; newer: Thing | undefined };
const thing = (name: string): Thing => ({ name, older: undefined, newer: undefined });

function named(order: Recency<Thing>): string {
  let names = '';
  for (let at = order.oldest; at !== undefined; at = at.newer) names += at.name;
  return names;
}

t.test('what is used goes to the end, what is removed leaves no gap', async (t) => {
  const order = new Recency<Thing>();
  const [a, b, c] = [thing('a'), thing('b'), thing('c')];
  t.equal(named(order), '');
  for (const one of [a, b, c]) order.add(one);
  t.equal(named(order), 'abc');
  for (const [used, then] of [
    [a, 'bca'],
    [c, 'bac'],
    [c, 'bac'],
  ] as const) {
    order.renew(used);
    t.equal(named(order), then);
  }
  for (const [removed, left] of [
    [a, 'bc'],
    [c, 'b'],
    [b, ''],
  ] as const) {
    order.remove(removed);
    t.equal(named(order), left);
  }
  order.add(a);
  t.equal(named(order), 'a', 'and it can come back');
});
