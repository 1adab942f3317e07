import t from 'tap';
import { seconds } from '../../src/kit/time.ts';
import { dice, simulatedSite } from './simulated-site.ts';

const step = 0.005;
const perSecond = 100;
const urls = Array.from({ length: 2000 }, (_, index) => `/warm/${index}`);

const rules = `
content_types: { page: { ttl: 600s, scope: public, cache_control: override } }
routes: [{ match: GET /:kind/:id, type: page }]
listen: { address: 127.0.0.1:8080, hosts: [www.example.org] }
warm: { concurrency: 4 }
`;

/** Clients of whom one in ten wants what nobody asked for before; the origin gets ten times slower after two seconds. */
async function clientsLatency({ withWarmUp, workers }: { withWarmUp: boolean; workers: number }) {
  const site = simulatedSite(rules);
  const { origin, timers, outcomes } = site;
  origin.workers = workers;
  const draw = dice(11);
  let asked = 0;
  const run = async (forSeconds: number): Promise<void> => {
    for (let passed = 0; passed < forSeconds; passed += step) {
      if (draw() < perSecond * step) site.ask(draw() < 0.1 ? `/new/${asked++}` : `/old/${asked % 50}`);
      await timers.advance(step, step);
    }
  };
  for (let id = 0; id < 50; id += 1) site.ask(`/old/${id}`);
  await run(10);
  outcomes.length = 0;
  const before = origin.requests;
  if (withWarmUp) void site.refresh.warm({ urls, popular: 0 });
  await run(2);
  origin.latency = seconds(origin.latency * 10);
  await run(20);
  const durations = outcomes.map(({ duration }) => duration).sort((one, other) => one - other);
  const { started } = site.refresh.governor.stats();
  return {
    p99: durations[Math.floor(durations.length * 0.99)] ?? 0,
    asked: origin.requests - before,
    started,
  };
}

for (const workers of [8, 4]) {
  t.test(`an origin of ${workers} workers gets slow during a warm-up: clients hardly notice`, async (t) => {
    const without = await clientsLatency({ withWarmUp: false, workers });
    const during = await clientsLatency({ withWarmUp: true, workers });
    t.comment({ without, during });
    t.ok(during.started > 100, 'the warm-up went on');
    t.ok(during.p99 <= without.p99 * 1.5, `p99 ${during.p99} s, without ${without.p99} s`);
  });
}
