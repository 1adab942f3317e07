/** The report over several instances on one real Redis: sums, crashes, one writer, and Redis away. */
import t from 'tap';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import pino from 'pino';
import { fileOf, run, serve, startOrigin, token } from '../cli/command.ts';
import { parseConfig } from '../../src/config/schema/check.ts';
import { type Clock, epochMs } from '../../src/kit/time.ts';
import { type RunningServer, startServer } from '../../src/server.ts';
import type { Report } from '../../src/watch/report/report.ts';
import { eventually } from '../helpers/eventually.ts';
import { closeProxy } from '../helpers/close-proxy.ts';
import { redisServer, type RedisServer } from '../helpers/redis-server.ts';

type Tap = Parameters<typeof redisServer>[0];

// Each has its own Redis and waits most of the time: side by side they take as long as the longest. tap keeps what belongs to
// one test in its options, so each has options of its own.
t.jobs = 5;

const rulesOf = (origin: string, { url }: RedisServer, more = ''): string => `upstream: ${origin}
store: { redis: { url: "${url}", deadline: 5s } }
content_types: { page: { ttl: 600s, scope: public } }
routes: [{ match: GET /*, type: page }]
${more}`;

/** Reads a page so many times; the first is a miss of this instance, or a hit of what another has fetched. */
async function read(site: string, path: string, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await (await fetch(site + path)).arrayBuffer();
}

async function reportOf(control: string, period = 'day'): Promise<Report> {
  const response = await fetch(`${control}/api/cache/report?period=${period}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return (await response.json()) as Report;
}

t.test('what a write ended is counted where the copies are, and summed', async (t) => {
  const origin = await startOrigin(t);
  const redis = await redisServer(t);
  const rules = rulesOf(
    origin,
    redis,
    'writes: [{ name: beacon, match: POST /w, invalidate: ["type:page"] }]',
  );
  const [one, two] = await Promise.all([startInstance(t, rules), startInstance(t, rules)]);
  for (const { server } of [one, two]) await read(server.url, '/a', 1);
  const { purgeLog } = two.server.services;
  const before = purgeLog.position().seq;
  await fetch(`${one.server.url}/w`, { method: 'POST' });
  await eventually('heard', () => purgeLog.position().seq > before);
  const authorization = `Bearer ${token}`;
  await fetch(`${one.control}/api/cache/misses`, { headers: { authorization } });
  await read(two.server.url, '/a', 2);
  await eventually('both have counted', async () => (await reportOf(two.control)).writes[0]?.ended === 2);
  await two.server.close();
  t.strictSame((await reportOf(one.control)).writes, [
    { name: 'beacon', ended: 2, asked_again: 1, same: 1, changed: 0 },
  ]);
});

const lineOf = ({ lines }: Report, wanted: string): number =>
  lines.find(({ name }) => name === wanted)?.value ?? -1;

/** How far ahead of the machine's clock the instances' are. */
type Ahead = { ms: number };

async function startInstance(t: Tap, rules: string, options: { ahead?: Ahead; folder?: string } = {}) {
  const { ahead = { ms: 0 }, folder } = options;
  const text = `${rules}\nlisten: 127.0.0.1:0\ncontrol: { address: "127.0.0.1:0", token: ${token} }\n`;
  const parsed = parseConfig(text, { file: 'fleet.yaml', env: {} });
  if (parsed.kind !== 'ok') throw new Error(parsed.problems.map(({ message }) => message).join('\n'));
  const clock: Clock = { now: () => epochMs(Date.now() + ahead.ms), monotonicMs: () => performance.now() };
  const lines: Record<string, unknown>[] = [];
  const log = pino({}, { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  const server = await startServer({ config: parsed.config, clock, log, reportFolder: folder });
  t.teardown(() => closeProxy(server));
  const redis = async (): Promise<string> =>
    ((await (await fetch(`${server.controlUrl ?? ''}/readyz`)).json()) as { redis: string }).redis;
  return { server, control: server.controlUrl ?? '', lines, redis };
}

type Body = { readonly text: string; readonly report: Report };

/** Someone who takes reports. */
async function startHook(t: Tap): Promise<{ readonly url: string; readonly bodies: Body[] }> {
  const bodies: Body[] = [];
  const hook = createServer((request, response) => {
    void json(request).then((body) => {
      bodies.push(body as Body);
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(hook, 'listening');
  t.teardown(() => {
    hook.closeAllConnections();
    hook.close();
  });
  return { url: `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`, bodies };
}

const reportAt = (url: string): string => `report: { every: day, at: "08:00", webhook: "${url}" }`;
const until = (time: string): number => Date.parse(`2026-03-15T${time}Z`) - Date.now();

function reportFolder(t: Tap): string {
  const folder = mkdtempSync(join(tmpdir(), 'shelflife-fleet-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}

async function close(...instances: { readonly server: RunningServer }[]): Promise<void> {
  await Promise.all(instances.map(({ server }) => server.close()));
}

t.test(
  'at the due time one of two instances publishes what both have served',
  { buffered: true },
  async (t) => {
    const redis = await redisServer(t);
    const hook = await startHook(t);
    const folder = reportFolder(t);
    const rules = rulesOf(await startOrigin(t), redis, reportAt(hook.url));
    const ahead = { ms: until('07:50:00') };
    const [one, two] = [
      await startInstance(t, rules, { ahead, folder }),
      await startInstance(t, rules, { ahead }),
    ];
    await eventually(
      'both work with Redis',
      async () => (await one.redis()) === 'up' && (await two.redis()) === 'up',
    );
    await Promise.all([read(one.server.url, '/one', 30), read(two.server.url, '/two', 50)]);
    // What was served is counted in its hour before the next one begins.
    for (const { control } of [one, two]) await reportOf(control);
    ahead.ms = until('08:00:00');
    await eventually('published', () => hook.bodies.length > 0);
    const report = hook.bodies[0]?.report;
    if (report === undefined) throw new Error('there is one');
    t.equal(lineOf(report, 'requests'), 80);
    t.equal(lineOf(report, 'origin_requests'), 2);
    t.equal(lineOf(report, 'hit_rate'), 78 / 80);
    t.equal(report.complete, true);
    t.match(report, { from: '2026-03-14T08:00:00.000Z', to: '2026-03-15T08:00:00.000Z' }, 'full hours');
    for (const { control } of [one, two]) t.equal(lineOf(await reportOf(control), 'requests'), 80);
    await close(one, two);
    const written = [...one.lines, ...two.lines].filter(({ msg }) => msg === 'report: written');
    t.equal(written.length, 1);
    t.match(written[0], { report: 'report-day-2026-03-15', summary: /Hit rate/ });
    t.equal(hook.bodies.length, 1);
    const files = readdirSync(folder).filter((name) => name.startsWith('report-'));
    t.ok(files.length === 0 || files.length === 4, 'the folder has it if its instance wrote it');
  },
);

t.test('without Redis at the due time every folder gets its report once', { buffered: true }, async (t) => {
  const redis = await redisServer(t);
  const hook = await startHook(t);
  const folder = reportFolder(t);
  const rules = rulesOf(await startOrigin(t), redis, reportAt(hook.url));
  const ahead = { ms: until('07:50:00') };
  await redis.kill();
  const [one, two] = [
    await startInstance(t, rules, { ahead, folder }),
    await startInstance(t, rules, { ahead, folder }),
  ];
  await read(one.server.url, '/one', 3);
  ahead.ms = until('08:00:00');
  await eventually('published', () => hook.bodies.length > 0);
  await close(one, two);
  t.equal(hook.bodies.length, 1);
  t.equal(hook.bodies[0]?.report.complete, false);
  t.strictSame(
    readdirSync(folder).filter((name) => name.startsWith('report-')).length,
    4,
    'three formats and the claim',
  );
});

t.test('without Redis and without a folder the report goes to the webhook', { buffered: true }, async (t) => {
  const hook = await startHook(t);
  const ahead = { ms: until('07:50:00') };
  const rules = `upstream: ${await startOrigin(t)}\n${reportAt(hook.url)}`;
  const one = await startInstance(t, rules, { ahead });
  await read(one.server.url, '/one', 4);
  ahead.ms = until('08:00:00');
  await eventually('published', () => hook.bodies.length > 0);
  await close(one);
  t.match(hook.bodies, [{ text: /^shelflife, the day/, report: { complete: true, period: 'day' } }]);
});

t.test(
  'the saved hours of a killed instance remain, and its next run adds to them',
  { buffered: true },
  async (t) => {
    const redis = await redisServer(t);
    const rules = rulesOf(await startOrigin(t), redis);
    const [one, two] = [await serve(t, ['-c', fileOf(t, rules)]), await startInstance(t, rules)];
    await Promise.all([read(one.site, '/a', 40), read(two.server.url, '/b', 25)]);
    const requests = async (control: string) => lineOf(await reportOf(control), 'requests');
    await eventually('the other knows of it', async () => (await requests(two.control)) === 65);
    one.process.kill('SIGKILL');
    await once(one.process, 'exit');
    t.equal(await requests(two.control), 65);
    const again = await startInstance(t, rules);
    await read(again.server.url, '/a', 10);
    await eventually('nothing is lost or counted twice', async () => (await requests(two.control)) === 75);
    t.equal(await requests(again.control), 75);
    const env = { SHELFLIFE_TOKEN: token };
    const shown = await run(['report', '--period', 'day', '--json', '--control', again.control], env);
    t.equal(lineOf(JSON.parse(shown.stdout) as Report, 'requests'), 75);
    await two.server.close();
    t.equal(await requests(again.control), 75, 'what stops says all it knows');
  },
);

t.test(
  'while Redis is away a report covers one instance and says so; afterwards it is complete again',
  { buffered: true },
  async (t) => {
    const redis = await redisServer(t);
    const rules = rulesOf(await startOrigin(t), redis);
    const [one, two] = [await startInstance(t, rules), await startInstance(t, rules)];
    await read(one.server.url, '/one', 10);
    await redis.kill();
    await read(two.server.url, '/two', 5);
    const alone = await reportOf(one.control);
    t.equal(alone.complete, false);
    t.equal(lineOf(alone, 'requests'), 10);
    await redis.start();
    const whole = async () => {
      const report = await reportOf(one.control);
      return report.complete && lineOf(report, 'requests') === 15;
    };
    await eventually('all of it', whole);
    await read(two.server.url, '/two', 5);
    await two.server.close();
    t.equal(lineOf(await reportOf(one.control), 'requests'), 20, 'what closes has saved its last');
  },
);
