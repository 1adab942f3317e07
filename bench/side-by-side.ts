/**
 * What does a hit cost beside other caches, plain node:http and a bare socket?
 *
 * HAProxy, nginx and Varnish where they are installed, node:http and a socket that write the bytes of shelflife's own hit, and
 * shelflife: each alone on one core, the load on another. Rounds of all servers alternate. Printed: processor time for each
 * answer, of all processes and threads of the server (median of the rounds, lowest and highest), answers a second, the time
 * that 99 % of the answers did not exceed, and how many times as long as shelflife it takes. BENCH_ROUNDS and BENCH_ROUND_MS
 * make it longer.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { flaskSession, pageConfig, startOrigin } from './parts/app.ts';
import { browserFields, requestText } from './parts/browser.ts';
import { startChild } from './parts/child.ts';
import { printMachine } from './parts/machine.ts';
import { isStored, oneAnswer } from './parts/one-answer.ts';
import { cpuMsOf, pin } from './parts/process-time.ts';
import { startRival } from './parts/rival.ts';
import { rivals } from './parts/rivals.ts';
import { median, startLoad } from './parts/rounds.ts';

type Server = { readonly name: string; readonly url: string; readonly pid: number };
type Asked = { readonly target: string; readonly more: readonly string[] };
type Scenario = { readonly name: string; readonly asked: readonly Asked[]; readonly isPersonal?: true };
type Round = { readonly cpuUs: number; readonly perSecond: number; readonly p99Ms: number };

const [loadCore, serverCore] = [0, 1];
const connections = 64;
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);
const roundMs = Number(process.env['BENCH_ROUND_MS'] ?? 500);
const page = (kilobytes: number, at = 0): Asked => ({ target: `/public/${kilobytes}kb-${at}`, more: [] });
const mine = (user: number): Asked => ({
  target: '/user/1kb-0',
  more: ['Cookie', `theme=dark; session=${flaskSession(user)}`],
});
const scenarios: readonly Scenario[] = [
  { name: '1 KB', asked: [page(1)] },
  { name: '16 KB', asked: [page(16)] },
  { name: '100 KB', asked: [page(100)] },
  { name: '10,000 URLs of 1 KB', asked: Array.from({ length: 10_000 }, (_, at) => page(1, at)) },
  {
    name: '200 sessions, 1 KB',
    asked: Array.from({ length: 200 }, (_, user) => mine(user)),
    isPersonal: true,
  },
];

printMachine();
let asked = 0;
const origin = await startOrigin((message, response) => {
  asked += 1;
  const bytes = 1024 * Number(/\/(\d+)kb-/.exec(message.url ?? '')?.[1] ?? 1);
  response.writeHead(200, {
    'Content-Type': 'image/webp',
    'Cache-Control': 'public, max-age=3600',
    ETag: '"4f2a-18c"',
    'Last-Modified': 'Mon, 02 Nov 2026 08:00:00 GMT',
    'X-Content-Type-Options': 'nosniff',
    'Content-Length': bytes,
  });
  response.end('x'.repeat(bytes));
});
const originPort = Number(new URL(origin.url).port);
const load = startLoad();
let isPinned = pin(load.pid, loadCore);
const proxy = await startChild('proxy-server.ts', pageConfig(origin.url, 'store: { memory: 512MiB }\n'), {
  execArgv: process.env['BENCH_NODE_OPTIONS']?.split(' '),
});
const own = pinned({ name: 'shelflife', ...proxy });
const caches: { server: Server; stop: () => Promise<void> }[] = [];
for (const kind of rivals) {
  const rival = await startRival(kind, originPort);
  if (rival === undefined) console.log(`${kind.name} is not installed: ${kind.install}`);
  else caches.push({ server: pinned({ name: kind.name, ...rival }), stop: rival.stop });
}
if (!isPinned)
  console.log('Not pinned (Linux, `taskset` and two cores are needed): servers and load share the cores.');
for (const scenario of scenarios) await play(scenario);
for (const { stop } of caches) await stop();
await proxy.stop();
load.stop();
origin.server.close();

async function play({ name, asked: list, isPersonal }: Scenario): Promise<void> {
  const fieldsOf = ({ more }: Asked): string[] => [...browserFields('www.example.org'), ...more];
  const requests = list.map((one) =>
    requestText({ method: 'GET', target: one.target, fields: fieldsOf(one) }),
  );
  const first = list[0] ?? page(1);
  await oneAnswer(own.url, first.target, fieldsOf(first));
  const hit = await oneAnswer(own.url, first.target, fieldsOf(first));
  if (!isStored(hit)) throw new Error(`${first.target} is not a hit`);
  const bare = await startChild('bare-socket.ts', hit);
  const plain = await startChild('plain-server.ts', hit);
  const writers = [pinned({ name: 'bare socket', ...bare }), pinned({ name: 'node:http', ...plain })];
  const knowing = caches.map(({ server }) => server).filter((one) => !isPersonal || one.name !== 'HAProxy');
  const servers = [...writers, ...knowing, own];
  for (const { url } of servers) await warm(url, requests);
  const before = asked;
  const measured = new Map<Server, Round[]>(servers.map((server) => [server, []]));
  for (let round = 0; round < rounds; round += 1) {
    // Each is the first once.
    for (let at = 0; at < servers.length; at += 1) {
      const server = servers[(at + round) % servers.length] ?? own;
      measured.get(server)?.push(await measure(server, requests));
    }
  }
  if (asked !== before) throw new Error(`${name}: the origin was asked ${asked - before} times`);
  print(name, measured);
  await Promise.all([bare.stop(), plain.stop()]);
}

/** Everything is stored, and what compiles its code has done so. */
async function warm(url: string, requests: readonly string[]): Promise<void> {
  await load.ask({ url, requests, connections: 8, durationMs: 60_000, answers: requests.length });
  await load.ask({ url, requests, connections, durationMs: 60_000, answers: 5000 });
}

async function measure({ url, pid }: Server, requests: readonly string[]): Promise<Round> {
  // What was left to be done after the round before is not counted.
  await wait(20);
  const before = cpuMsOf(pid);
  const { answers, elapsedMs, p99Ms } = await load.ask({ url, requests, connections, durationMs: roundMs });
  const cpuUs = ((cpuMsOf(pid) - before) * 1000) / answers;
  return { cpuUs, perSecond: (answers / elapsedMs) * 1000, p99Ms };
}

function print(name: string, measured: ReadonlyMap<Server, readonly Round[]>): void {
  const ownUs = median(measured.get(own)?.map(({ cpuUs }) => cpuUs) ?? []);
  console.log(`\n${name.padEnd(22)}µs cpu each      spread   answers/s   p99 ms   times shelflife`);
  for (const [server, list] of measured) {
    const each = list.map(({ cpuUs }) => cpuUs);
    const cells = [
      server.name.padEnd(22),
      median(each).toFixed(1).padStart(11),
      `${Math.min(...each).toFixed(1)}–${Math.max(...each).toFixed(1)}`.padStart(12),
      median(list.map(({ perSecond }) => perSecond))
        .toFixed(0)
        .padStart(12),
      median(list.map(({ p99Ms }) => p99Ms))
        .toFixed(2)
        .padStart(9),
      (median(each) / ownUs).toFixed(2).padStart(18),
    ];
    console.log(cells.join(''));
  }
}

function pinned({ name, url, pid }: Server): Server {
  isPinned = pin(pid, serverCore) && isPinned;
  return { name, url, pid };
}
