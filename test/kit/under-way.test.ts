import t from 'tap';
import { UnderWay } from '../../src/kit/under-way.ts';

t.test('what has begun is found until it ends', async (t) => {
  const underWay = new UnderWay<string, number>();
  underWay.set('a', 1);
  underWay.set('b', 2);
  underWay.set('a', 3);
  t.strictSame([underWay.get('a'), underWay.get('b'), underWay.get('c')], [3, 2, undefined]);
  t.strictSame([underWay.has('a'), underWay.has('c'), underWay.size], [true, false, 2]);
  underWay.delete('c');
  underWay.delete('b');
  t.strictSame([underWay.get('b'), underWay.has('b'), underWay.size], [undefined, false, 1]);
  t.strictSame([...underWay.values()], [3]);
});

t.test('what ends while all are visited is not visited', async (t) => {
  const underWay = new UnderWay<string, number>();
  for (const [key, value] of [
    ['a', 1],
    ['b', 2],
    ['c', 3],
  ] as const)
    underWay.set(key, value);
  const visited: number[] = [];
  for (const value of underWay.values()) {
    visited.push(value);
    underWay.delete('b');
  }
  t.strictSame(visited, [1, 3]);
});
