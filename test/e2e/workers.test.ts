/** Several workers as one proxy: real processes, real connections, and workers that die, hang and are replaced. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer as createTcp, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { fileOf, runProcess } from '../cli/command.ts';
import { eventually } from '../helpers/eventually.ts';
import { controlToken } from '../helpers/serving.ts';
import { history, startVersionedApp, startWorkers } from '../helpers/several-workers.ts';

const app = await startVersionedApp(t);
const { asked, held } = app;
const rules = (route = '', more = ''): string => `
upstream: ${app.url}
listen: { workers: 2 }
log: { level: debug }
content_types: { all: { ttl: 600s, scope: public, cache_control: override }, mine: { ttl: 600s, scope: user, cache_control: override } }
routes: [{ match: GET /mine/*, type: mine }, { match: GET /greets, type: all }, { match: GET /audited, type: all }, ${route}]
${more}`;

const serving = await startWorkers(t, rules());
const { control, lines, connect, connected, connectTo, pidOf, tell, isReady: ready } = serving;
const headers = { authorization: `Bearer ${controlToken}` };

t.test('17.1: 64 kept connections are spread evenly; figures, lists and receipts are of all', async (t) => {
  const all = await connected(64);
  // Exactly 32 in test/workers/hand-out; a worker without processor time is not waited for.
  const ofFirst = all.filter(({ worker }) => worker === 1).length;
  t.ok(Math.abs(ofFirst - 32) <= 8, `${ofFirst} of 64 at one of two workers`);
  const hits = Number((await tell('/api/cache/metrics'))['total_hits']);
  // Each worker keeps its own copy.
  for (const one of all.slice(0, 8)) await one.ask('/both');
  const listed = await tell('/entries?url=/both');
  t.equal(listed['total'], new Set(all.slice(0, 8).map(({ worker }) => worker)).size);
  const metrics = await tell('/api/cache/metrics');
  t.equal(Number(metrics['total_hits']) - hits, 7, 'fetched once');
  const scraped = await (await fetch(`${control}/metrics`, { headers })).text();
  t.match(
    scraped,
    new RegExp(`^cache_hits_total\\{backend="memory"\\} ${String(metrics['total_hits'])}$`, 'm'),
  );
  t.match(scraped, /^shelflife_workers\{state="ready"\} 2$/m);
  for (const name of ['process_cpu_seconds_total', 'process_start_time_seconds'])
    t.equal(scraped.split(`\n${name} `).length, 2, name);
  const explained = await tell('/explain?url=/both');
  t.match(explained, { verdict: { kind: 'hit' } }, 'explained by a worker that has it');
  const receipt = await tell('/purge', { urls: ['/both'] });
  t.match(receipt, { matched: listed['total'], workers: { known: 2, acknowledged: 2 } });
  const left = (await tell('/entries?url=/both'))['entries'] as { state: string }[];
  t.ok(left.every(({ state }) => state === 'purged'));
  for (const one of all.slice(0, 8)) t.notMatch((await one.ask('/both')).fate, 'purged', 'asked anew');
  t.match(await tell('/warm', { urls: ['/warmed'] }), { asked: 1, warmed: 1, failed: 0 });
  for (const one of all.slice(0, 4)) t.match((await one.ask('/warmed')).fate, /hit/, 'warm at each worker');
  t.equal(asked.filter((name) => name === 'GET /warmed').length, 1);
  t.match(await tell('/readyz'), { workers: { known: 2, ready: 2 } });
});

t.test(
  '17.1: a cold key is fetched once by all workers, and what is not for others is not waited for',
  async (t) => {
    const all = await connected(8);
    app.isHeld = (name) => name === 'GET /cold';
    const answers = all.map((one) => one.ask('/cold'));
    await eventually('the app has it', () => held.length === 1);
    app.isHeld = () => false;
    for (const answer of held.splice(0)) answer();
    t.strictSame(new Set((await Promise.all(answers)).map(({ body }) => body)), new Set(['0']));
    t.equal(asked.filter((name) => name === 'GET /cold').length, 1);
    for (const one of all) t.match((await one.ask('/cold')).fate, /hit/);
    t.equal((await tell('/entries?url=/cold'))['total'], 2, 'each has a copy of its own');
    const purged = await tell('/purge', { urls: ['/cold'] });
    t.equal(purged['matched'], 2);
    for (const one of all) await one.ask('/cold');
    t.equal(asked.filter((name) => name === 'GET /cold').length, 2, 'once more after a purge');
    await tell('/purge', { urls: ['/cold'], soft: true });
    for (const one of all) await one.ask('/cold');
    t.equal(asked.filter((name) => name === 'GET /cold').length, 3, 'once more when it is stale');
    for (const one of all) await one.ask('/private');
    t.equal(asked.filter((name) => name === 'GET /private').length, 8);
  },
);

t.test(
  '17: nobody gets what another has had from either worker, and each keeps copies for all',
  async (t) => {
    const both = [await connectTo(1), await connectTo(2)];
    const sessions = ['session=a', 'session=b', undefined, 'session=a2'];
    for (const round of [0, 1, 2])
      for (const [at, cookie] of sessions.entries())
        for (const [worker, one] of both.entries()) {
          const { body, fate } = await one.ask('/mine/page', 'GET', cookie);
          t.equal(body, `Hello ${cookie ?? 'you'}`);
          if (round > 0 || worker > 0) t.match(fate, /hit/, `${round} ${at} at ${worker + 1}`);
        }
    t.equal(
      asked.filter((name) => name === 'GET /mine/page').length,
      sessions.length,
      'fetched once for each',
    );
    const tossed = 'session=a; session=b';
    for (const one of [...both, ...both]) {
      const { body, fate } = await one.ask('/mine/page', 'GET', tossed);
      t.strictSame([body, /bypass/.test(fate)], [`Hello ${tossed}`, true], 'two of them are passed');
    }
    for (const [at, one] of both.entries())
      t.equal((await one.ask('/mine/page', 'GET', sessions[at])).body, `Hello ${sessions[at] ?? ''}`);
  },
);

t.test('17.1: nothing is stale after a write through another worker, also when one dies', async (t) => {
  const all = await connected(8);
  t.strictSame(await history(all, 500), []);
  const other = all.find(({ worker }) => worker !== all[0]?.worker);
  for (const one of [all[0], other]) await one?.ask('/w');
  app.isHeld = (name) => name === 'POST /w';
  const writer = await connectTo(all[0]?.worker ?? 0);
  const written = writer.ask('/w', 'POST').catch(() => 'cut');
  await eventually('the app has the write', () => held.length > 0);
  const during = history(all, 300);
  process.kill(pidOf(writer.worker), 'SIGKILL');
  t.equal(await written, 'cut');
  t.strictSame(await during, []);
  app.isHeld = () => false;
  held.splice(0);
  await eventually('it is told', () => lines.some(({ msg }) => msg.startsWith('purged everything')));
  t.equal((await other?.ask('/w'))?.body, '1', 'what the write may have made stale is gone at the other');
  await eventually('another has taken its place', () => ready(2));
});

t.test('17.1: shadow, audit, rollback and quarantine are of the instance', async (t) => {
  const reloads = (): number => lines.filter(({ msg }) => msg === 'configuration reloaded').length;
  const reload = async (more: string): Promise<void> => {
    const before = reloads();
    writeFileSync(serving.file, rules('', more));
    await eventually('the changed file is read', () => reloads() > before);
  };
  const all = [await connectTo(1), await connectTo(2)];
  const [one, other] = all;
  await reload('mode: shadow\n');
  for (const each of all) for (let turn = 0; turn < 3; turn += 1) await each.ask('/audited');
  const shadow = async () => {
    const { types, ...report } = await tell('/api/cache/shadow');
    return {
      ...report,
      all: (types as { name: string; reads: number }[]).find(({ name }) => name === 'all'),
    };
  };
  await eventually('each worker has told what it has seen', async () => (await shadow()).all?.reads === 6);
  t.match(await shadow(), { all: { would_hit: 4, same: 4, stale: 0 }, would_store: { entries: 2 } });
  // Of each worker alone there are too few comparisons.
  await reload(
    'audit: { sample: 100% }\nrollout: { percent: 100 }\nrollback: { stale_above: 1%, min_requests: 5 }\n',
  );
  t.equal((await shadow()).all, undefined, 'counted anew after a reload');
  for (const each of [one, other]) await each?.ask('/audited');
  await fetch(`${app.url}/audited`, { method: 'POST' });
  for (const each of [one, other, one, other, one, other]) await each?.ask('/audited');
  const rollout = async () => (await tell('/api/cache/rollout'))['rollouts'] as { percent: number }[];
  await eventually('it is rolled back', async () => (await rollout())[0]?.percent === 0);
  t.match(await rollout(), [{ set: { by: 'rollback', why: /^[5-8] of [5-8] compared copies were stale/ } }]);
  for (const each of all) t.match((await each.ask('/audited')).fate, /shadow/, 'at every worker');
  t.match(await tell('/api/cache/stale'), { types: [{ name: 'all' }] });
  t.match(await tell('/api/cache/rollout', { percent: 100 }), { from: 0, percent: 100 });
  for (const each of all) t.notMatch((await each.ask('/audited')).fate, /shadow/, 'at once');
  // Found by one worker, passed by all.
  for (let turn = 0; turn < 2; turn += 1)
    await one?.ask('/greets', 'GET', 'session=a-long-session-0123456789');
  await other?.ask('/greets');
  await eventually('it is found', () => lines.some(({ msg }) => msg === 'public route in quarantine'));
  await eventually('and purged', async () => {
    const { entries } = await tell('/entries?url=/greets');
    return (entries as { state: string }[]).every(({ state }) => state === 'purged');
  });
  for (const each of all) t.match((await each.ask('/greets')).fate, /quarantine/);
  t.match(await tell('/api/cache/quarantine'), { routes: [{ route: '/greets', reason: 'session-echo' }] });
  t.equal(lines.filter(({ msg }) => msg === 'public route in quarantine').length, 1, 'said once');
  await reload('');
});

t.test(
  '17.1: a worker that hangs is waited for, killed and replaced; the new one has the new rules',
  async (t) => {
    const all = await connected(8);
    const stopped = pidOf(1);
    const hung = history(all, 300);
    process.kill(stopped, 'SIGSTOP');
    t.strictSame(await hung, [], 'writes wait until the worker that hangs is gone');
    t.equal(lines.filter(({ msg }) => msg === 'worker hangs; killing it').length, 1);
    t.throws(() => process.kill(stopped, 0));
    // Reloaded while the new one starts, without a failed request.
    const failures: unknown[] = [];
    const over = new AbortController();
    const client = connect();
    const clients = (async () => {
      while (!over.signal.aborted) {
        const status = await client.ask('/r').then((answer) => answer.status, String);
        if (status !== 200) failures.push(status);
        await delay(10);
      }
    })();
    const asker = connect();
    writeFileSync(serving.file, rules('{ match: GET /r, type: pass }'));
    t.match(await tell('/reload', {}), { applied: true });
    t.match((await asker.ask('/r')).fate, /bypass/, 'in force when the reload is answered');
    writeFileSync(serving.file, `${rules()}nonsense: 1\n`);
    t.match(await tell('/reload', {}), { status: 422 });
    await eventually('another has taken its place', () => ready(2));
    for (const one of await connected(4)) {
      t.match((await one.ask('/r')).fate, /bypass/, 'the good one stays');
      t.match((await one.ask('/greets')).fate, /quarantine/, 'and what is in quarantine');
    }
    t.match(await tell('/api/cache/quarantine/lift', { route: '/greets' }), { lifted: true });
    for (const one of await connected(4))
      await eventually('it is lifted', async () => !/quarantine/.test((await one.ask('/greets')).fate));
    over.abort();
    await clients;
    t.strictSame(failures, []);
  },
);

t.test('17.1: a stop lets every worker finish what it does', async (t) => {
  const all = await connected(8);
  app.isHeld = (name) => name.startsWith('GET /late');
  const answers = all.map((one, index) => one.ask(`/late/${index}`));
  await eventually('the app has them', () => held.length === 8);
  const code = serving.end('SIGTERM');
  await eventually('it stops', () => lines.some(({ msg }) => msg === 'stopping'));
  for (const answer of held.splice(0)) answer();
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  t.ok(
    statuses.every((status) => status === 200),
    statuses.join(),
  );
  t.equal(await code, 0);
  t.equal(lines.at(-1)?.msg, 'stopped');
});

t.test('17.1: a port in use is reported as with one process', async (t) => {
  const taken = createTcp().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const file = fileOf(t, rules());
  const ended = await runProcess(['serve', '-c', file, '--listen', `127.0.0.1:${port}`]);
  t.match(ended, { code: 1, stderr: /^shelflife: 127\.0\.0\.1:\d+ is in use; choose another with --listen/ });
});
