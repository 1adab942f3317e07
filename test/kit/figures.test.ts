import t from 'tap';
import { percent, rounded } from '../../src/kit/figures.ts';

t.test('numbers are rounded to decimals, shares are shown in percent', (t) => {
  t.strictSame(
    [rounded(1.23456, 3), rounded(1.23456, 4), rounded(-0.5, 0), rounded(2, 3)],
    [1.235, 1.2346, -0, 2],
  );
  t.strictSame([percent(0), percent(0.125), percent(1)], ['0.0 %', '12.5 %', '100.0 %']);
  t.end();
});
