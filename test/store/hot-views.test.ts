/** store/hot-views.ts: what is looked at keeps its view, the rest does not. */
import t from 'tap';
import { HotViews, type Viewed } from '../../src/store/hot-views.ts';

type Thing = Viewed<object>;
const things = (count: number): Thing[] =>
  Array.from({ length: count }, () => ({ view: undefined, turn: 0 }));
const open = (most: number) => new HotViews<object, Thing>(most, () => ({}));

t.test('looking again gives the same object', async (t) => {
  const views = open(4);
  const [one, ...others] = things(100);
  if (one === undefined) throw new Error('nothing to look at');
  const first = views.of(one);
  for (const other of others) {
    views.of(other);
    t.equal(views.of(one), first);
  }
});

t.test('no more views than allowed are kept, half of them of what was looked at last', async (t) => {
  const views = open(8);
  const all = things(100);
  for (const [at, one] of all.entries()) {
    const view = views.of(one);
    for (const late of all.slice(Math.max(0, at - 3), at + 1)) t.ok(late.view, `${at}`);
    t.equal(one.view, view);
    t.ok(all.filter((each) => each.view !== undefined).length <= 8);
  }
});

t.test('a view that was dropped is made anew', async (t) => {
  const views = open(2);
  const [one, other] = things(2);
  if (one === undefined || other === undefined) throw new Error('nothing to look at');
  const first = views.of(one);
  one.view = undefined;
  t.not(views.of(one), first);
});
