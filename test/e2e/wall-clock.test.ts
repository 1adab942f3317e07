/**
 * Issue 13.7: the wall clock is set back or forward. No entry is fresh for longer than its lifetime in elapsed time, with
 * memory alone, from Redis, and in a process of its own.
 */
import t, { type Test } from 'tap';
import { type Clock, type EpochMs, epochMs } from '../../src/kit/time.ts';
import { eventually } from '../helpers/eventually.ts';
import { closeProxy } from '../helpers/close-proxy.ts';
import { askSite, startOrigin } from '../helpers/instances.ts';
import { startProxy } from '../helpers/scripted-site.ts';
import { startServing } from '../helpers/serving.ts';

const hour = 3_600_000;

/** A machine: its wall clock can be set, what elapses cannot. */
class Machine implements Clock {
  wallMs = Date.parse('2026-03-10T10:00:00Z');
  elapsedMs = 0;

  now(): EpochMs {
    return epochMs(this.wallMs);
  }

  monotonicMs(): number {
    return this.elapsedMs;
  }

  pass(seconds: number): void {
    this.wallMs += seconds * 1000;
    this.elapsedMs += seconds * 1000;
  }
}

const rules = `
content_types:
  page: { ttl: 2s, min: 1s, scope: public, cache_control: override }
  long: { ttl: 2h, max: 3h, scope: public, cache_control: override }
ttl: { jitter: 0 }
routes:
  - { match: GET /long, type: long }
  - { match: GET /page, type: page }
`;

async function site(t: Test, machine: Machine) {
  const origin = await startOrigin(t);
  origin.answerWith((request, response) => {
    const date = new Date(machine.wallMs).toUTCString();
    response.writeHead(200, { date, 'cache-control': 'max-age=60' }).end(request.url);
  });
  const proxy = await startProxy(`upstream: ${origin.url}\n${rules}`, { clock: machine });
  t.teardown(() => closeProxy(proxy));
  return { origin, fate: async (path: string) => (await askSite(`${proxy.url}${path}`)).fate };
}

t.test('set back an hour: an entry of 2 s is fresh for 2 s', async (t) => {
  const machine = new Machine();
  const { fate } = await site(t, machine);
  t.match(await fate('/page'), 'fwd=uri-miss');
  machine.wallMs -= hour;
  machine.pass(1);
  t.match(await fate('/page'), /^hit/);
  machine.pass(1.5);
  t.match(await fate('/page'), /^fwd=/);
  machine.pass(1);
  t.match(await fate('/page'), /^hit/, 'what is stored afterwards is fresh as ever');
});

t.test('set forward: nothing is fresh for longer, and caching goes on', async (t) => {
  const machine = new Machine();
  const { fate } = await site(t, machine);
  await fate('/long');
  machine.wallMs += 3 * hour;
  t.match(await fate('/long'), /^fwd=/);
  machine.wallMs -= 3 * hour;
  t.match(await fate('/long'), /^hit/);
  machine.pass(7100);
  t.match(await fate('/long'), /^hit/);
  machine.pass(101);
  t.match(await fate('/long'), /^fwd=/);
});

t.test(
  "a wall clock that was wrong and is set right: the origin's dates are compared with the right one",
  async (t) => {
    const machine = new Machine();
    machine.wallMs += hour;
    const { fate } = await site(t, machine);
    await fate('/standard');
    machine.wallMs -= hour;
    machine.pass(61);
    t.match(await fate('/standard'), /^fwd=/);
    t.match(await fate('/standard'), /^hit; ttl=60/, 'not an hour old on arrival');
  },
);

t.test('a process whose wall clock is set back while it runs', async (t) => {
  const origin = await startOrigin(t);
  const file = t.testdir({
    'shift.mjs': `
      const real = Date.now, at = real() + 1e12;
      let shiftMs = 0;
      process.on('SIGUSR2', () => { shiftMs = -${hour}; });
      Date.now = () => real() + shiftMs;
    `,
  });
  const serving = await startServing(t, `upstream: ${origin.url}\n${rules}`, {
    preload: `${file}/shift.mjs`,
  });
  const fate = async (): Promise<string> => (await askSite(`${serving.site}/page`)).fate;
  t.match(await fate(), 'fwd=uri-miss');
  serving.process.kill('SIGUSR2');
  await eventually('it is stale', async () => (await fate()).startsWith('fwd='));
  t.match(await fate(), /^hit/);
});
