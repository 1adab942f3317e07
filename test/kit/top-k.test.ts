import t from 'tap';
import { TopK } from '../../src/kit/top-k.ts';

const halfLifeMs = 60_000;

t.test('a count fades: after half a life it weighs half', async (t) => {
  const top = new TopK<string>({ limit: 10, halfLifeMs });
  for (let time = 0; time < 8; time += 1) top.record('a', 0);
  t.equal(top.weightOf('a', 0), 8);
  t.equal(top.weightOf('a', halfLifeMs), 4);
  top.record('a', halfLifeMs);
  t.equal(top.weightOf('a', 3 * halfLifeMs), 1.25);
  t.equal(top.weightOf('unknown', 0), 0);
});

t.test('a steady rate is reported as it is', async (t) => {
  const top = new TopK<string>({ limit: 10, halfLifeMs });
  for (let nowMs = 0; nowMs <= 20 * halfLifeMs; nowMs += 500) top.record('a', nowMs);
  t.ok(Math.abs(top.rateOf('a', 20 * halfLifeMs) - 2) < 0.05);
});

t.test('a new name needs a value; a kept one has its own', async (t) => {
  const top = new TopK<string>({ limit: 10, halfLifeMs });
  t.ok(top.record('a', 0));
  t.ok(top.setValue('a', 'first'));
  t.notOk(top.record('a', 0));
  t.equal(top.valueOf('a'), 'first');
  t.notOk(top.setValue('b', 'nobody'));
  t.strictSame([...top.kept(0)], [{ name: 'a', weight: 2, value: 'first' }]);
});

t.test('a flood of names seen once displaces hardly any frequent ones', async (t) => {
  const top = new TopK<string>({ limit: 500, halfLifeMs });
  const hot = Array.from({ length: 100 }, (_, index) => `hot ${index}`);
  let once = 0;
  for (let round = 0; round < 100; round += 1) {
    for (const name of hot) top.record(name, round * 100);
    for (let time = 0; time < 1000; time += 1) top.record(`once ${once++}`, round * 100);
  }
  t.equal(top.size, 500);
  const heaviest = [...top.kept(10_000)].sort((one, other) => other.weight - one.weight).slice(0, 110);
  const found = heaviest.filter(({ name }) => name.startsWith('hot')).length;
  t.ok(found >= 95, `${found} of the hundred are among the first`);
});

t.test('a newly popular name soon enters among old favourites', async (t) => {
  const top = new TopK<string>({ limit: 50, halfLifeMs });
  for (let round = 0; round < 40; round += 1)
    for (let name = 0; name < 50; name += 1) top.record(`old ${name}`, round);
  for (let time = 0; time < 400; time += 1) top.record('new', 100 + time);
  t.ok(top.weightOf('new', 500) > 100);
});

t.test('years without updates cause no overflow', async (t) => {
  const top = new TopK<string>({ limit: 10, halfLifeMs: 1000 });
  for (let year = 0; year < 20; year += 1) top.record('a', year * 3e10);
  t.ok(Math.abs(top.weightOf('a', 19 * 3e10) - 1) < 0.01);
});
