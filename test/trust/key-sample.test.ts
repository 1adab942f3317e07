/** A sample of keys predicts the hit rate of all: by simulation with a seeded generator, and through the request path. */
import { hash } from 'node:crypto';
import t from 'tap';
import { epochMs, seconds } from '../../src/kit/time.ts';
import type { CacheKey } from '../../src/policy/key/cache-key.ts';
import { KeySample } from '../../src/trust/key-sample.ts';
import { Ledger } from '../../src/trust/ledger.ts';
import type { ShadowReport } from '../../src/trust/shadow-report.ts';
import { TestClock } from '../helpers/test-clock.ts';
import { seeded } from './advice/seeded.ts';
import { startWithoutSockets } from './without-sockets.ts';

const keyOf = (name: string): CacheKey => hash('sha256', name, 'hex') as CacheKey;
const page = { contentType: 'page', route: '/*', target: '/page' };

/** Draws from `count` by Zipf's law. */
function zipf(count: number, random: () => number): () => number {
  let sum = 0;
  const upTo = Array.from({ length: count }, (_, at) => (sum += 1 / (at + 1)));
  return () => {
    const drawn = random() * sum;
    return upTo.findIndex((all) => all >= drawn);
  };
}

/** Copies that live for a while, of pages some of which are asked for once only: all requests, and by a sample of keys. */
function play(seed: number, count: number) {
  const random = seeded(seed);
  const draw = zipf(3000, random);
  const [sample, ledger] = [new KeySample(), new Ledger(epochMs(0))];
  const [all, sampled] = [new Map<CacheKey, number>(), new Map<CacheKey, number>()];
  let [hits, run] = [0, 0];
  for (let asked = 0; asked < count; asked += 1) {
    const nowMs = asked;
    const key = keyOf(`${seed} ${random() < 0.15 ? `once ${asked}` : draw()}`);
    const isHit = (copies: Map<CacheKey, number>): boolean => (copies.get(key) ?? -1) > nowMs;
    if (isHit(all)) hits += 1;
    else all.set(key, nowMs + 20_000);
    sample.onRequest();
    const look = sample.look(key);
    if (look === undefined) continue;
    if (isHit(sampled)) ledger.hit(page, seconds(0), look);
    else {
      sampled.set(key, nowMs + 20_000);
      sample.spend(nowMs);
      run += 1;
      ledger.miss(page, 'cold', look);
    }
  }
  const { total } = ledger;
  return {
    truth: hits / count,
    rate: total.hits / total.reads,
    ...total.hitsInSample.interval(),
    sample,
    run,
  };
}

t.test('the predicted hit rate is within two points, and the interval allows for the sample', (t) => {
  let held = 0;
  for (let seed = 1; seed <= 6; seed += 1) {
    const { truth, rate, low, high, sample, run } = play(seed, 40_000);
    t.ok(Math.abs(truth - rate) < 0.02, `seed ${seed}: ${rate} for ${truth}`);
    t.ok(sample.share <= 0.25, 'keys were left out');
    t.ok(run < 1000 + 40 * 10 + 40_000 * 0.03 + 250 * 12, `${run} went the whole way`);
    if (low <= truth && truth <= high) held += 1;
  }
  t.ok(held >= 5, `the interval held it ${held} times of 6`);
  t.end();
});

t.test('what is often asked for stays, and what is left out never comes back', (t) => {
  const sample = new KeySample();
  const often = Array.from({ length: 20 }, (_, at) => keyOf(`often ${at}`));
  for (let time = 0; time < 100; time += 1) for (const key of often) sample.look(key);
  const seldom = Array.from({ length: 3000 }, (_, at) => keyOf(`seldom ${at}`));
  let before = new Set(seldom.filter((key) => sample.look(key) !== undefined));
  t.equal(before.size, 3000, 'all are looked at, until that is too much');
  while (sample.share > 1 / 8) {
    for (const { share } = sample; sample.share === share;) sample.spend(0);
    const now = new Set(seldom.filter((key) => sample.look(key) !== undefined));
    t.ok(now.isSubsetOf(before));
    before = now;
  }
  t.ok(before.size > 250 && before.size < 500, `${before.size} of 3000`);
  t.same(new Set(often.map((key) => sample.look(key)?.weight)), new Set([1]));
  const [one] = before;
  t.equal(one && sample.look(one)?.weight, 8, 'one stands for eight');
  t.end();
});

t.test('under heavy traffic shadow predicts within two points what people would have got', async (t) => {
  const clock = new TestClock();
  const random = seeded(7);
  const draw = zipf(400, random);
  const app = () => ({ type: 'text/plain', body: 'the same for all' });
  const site = await startWithoutSockets({ clock, app });
  const copies = new Map<string, number>();
  let hits = 0;
  const count = 9000;
  for (let asked = 0; asked < count; asked += 1) {
    clock.advance(0.002);
    const cookie = `session=reader-${Math.floor(random() * 30)}-0123456789abcdef`;
    const target = `/me/${random() < 0.2 ? `once-${asked}` : draw()}`;
    const now = clock.now();
    if ((copies.get(cookie + target) ?? 0) > now) hits += 1;
    else copies.set(cookie + target, now + 60_000);
    await site.ask(target, ['Cookie', cookie]);
  }
  await site.idle();
  const { total, sample } = (await site.report('shadow')) as ShadowReport;
  await site.close();
  t.ok(sample < 1, `one key of ${1 / sample} is looked at`);
  const rate = total?.hit_rate ?? -1;
  t.ok(Math.abs(rate - hits / count) < 0.02, `${rate} for ${hits / count}`);
  const [low = 1, high = 0] = total?.hit_interval ?? [];
  t.ok(low <= hits / count && hits / count <= high, `between ${low} and ${high}`);
  t.ok(Math.abs((total?.reads ?? 0) / count - 1) < 0.15, `${total?.reads} reads are estimated of ${count}`);
  t.match(total, { stale: 0, noise: 0 });
});
