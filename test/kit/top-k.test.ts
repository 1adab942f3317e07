import t from 'tap';
import { TopK } from '../../src/kit/top-k.ts';

const halfLifeMs = 60_000;

t.test('a count fades: after half a life it weighs half', async (t) => {
  const top = new TopK<string>({ limit: 10, halfLifeMs });
  top.turnTo(0);
  for (let time = 0; time < 8; time += 1) top.record('a');
  t.equal(top.weightOf('a'), 8);
  top.turnTo(halfLifeMs);
  t.equal(top.weightOf('a'), 4);
  top.record('a');
  top.turnTo(3 * halfLifeMs);
  t.equal(top.weightOf('a'), 1.25);
  t.equal(top.weightOf('unknown'), 0);
});

t.test('a steady rate is reported as it is', async (t) => {
  const top = new TopK<string>({ limit: 10, halfLifeMs });
  for (let nowMs = 0; nowMs <= 20 * halfLifeMs; nowMs += 500) {
    top.turnTo(nowMs);
    top.record('a');
  }
  t.ok(Math.abs(top.rateOf('a') - 2) < 0.05);
});

t.test('a new name needs a value; a kept one has its own', async (t) => {
  const top = new TopK<string>({ limit: 10, halfLifeMs });
  const kept = top.record('a');
  t.equal(kept?.value, undefined);
  if (kept !== undefined) kept.value = 'first';
  t.equal(top.record('a')?.value, 'first');
  t.equal(top.get('a')?.value, 'first');
  t.equal(top.get('b'), undefined);
  t.strictSame(top.heaviest(), [{ name: 'a', weight: 2, value: 'first' }]);
});

t.test('a flood of names seen once displaces hardly any frequent ones', async (t) => {
  const top = new TopK<string>({ limit: 500, halfLifeMs });
  const hot = Array.from({ length: 100 }, (_, index) => `hot ${index}`);
  let once = 0;
  for (let round = 0; round < 100; round += 1) {
    top.turnTo(round * 100);
    for (const name of hot) top.record(name);
    for (let time = 0; time < 1000; time += 1) top.record(`once ${once++}`);
  }
  t.equal(top.size, 500);
  const heaviest = top.heaviest().slice(0, 110);
  const found = heaviest.filter(({ name }) => name.startsWith('hot')).length;
  t.ok(found >= 95, `${found} of the hundred are among the first`);
});

t.test('a newly popular name soon enters among old favourites', async (t) => {
  const top = new TopK<string>({ limit: 50, halfLifeMs });
  for (let round = 0; round < 40; round += 1)
    for (let name = 0; name < 50; name += 1) top.record(`old ${name}`);
  for (let time = 0; time < 400; time += 1) top.record('new');
  t.ok(top.weightOf('new') > 100);
});

t.test('years without updates cause no overflow', async (t) => {
  const top = new TopK<string>({ limit: 10, halfLifeMs: 1000 });
  for (let year = 0; year < 20; year += 1) {
    top.turnTo(year * 3e10);
    top.record('a');
  }
  t.ok(Math.abs(top.weightOf('a') - 1) < 0.01);
});
