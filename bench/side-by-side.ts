/**
 * What does a hit cost beside other caches, plain node:http and a bare socket?
 *
 * HAProxy, nginx and Varnish where they are installed, node:http and a socket that write the bytes of shelflife's own hit, and
 * shelflife: each alone on one core, the load on another. Rounds of all servers alternate. Printed: processor time for each
 * answer, of all processes and threads of the server (median of the rounds, lowest and highest), answers a second, the time
 * that 99 % of the answers did not exceed, and how many times as long as shelflife it takes. BENCH_ROUNDS and BENCH_ROUND_MS
 * make it longer.
 */
import { alternate, loadCore, pinned, printRounds, type Server } from './parts/alternate.ts';
import { flaskSession, pageConfig, pageOrigin, startOrigin } from './parts/app.ts';
import { browserFields, requestText } from './parts/browser.ts';
import { benchNodeOptions, startChild } from './parts/child.ts';
import { printMachine } from './parts/machine.ts';
import { isStored, oneAnswer } from './parts/one-answer.ts';
import { pin } from './parts/process-time.ts';
import { startRival } from './parts/rival.ts';
import { rivals } from './parts/rivals.ts';
import { startLoad } from './parts/rounds.ts';

type Asked = { readonly target: string; readonly more: readonly string[] };
type Scenario = { readonly name: string; readonly asked: readonly Asked[]; readonly isPersonal?: true };

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
  pageOrigin(message, response);
});
const originPort = Number(new URL(origin.url).port);
const load = startLoad();
pin(load.pid, loadCore);
const proxy = await startChild('proxy-server.ts', pageConfig(origin.url, 'store: { memory: 512MiB }\n'), {
  execArgv: benchNodeOptions(),
});
const own = pinned({ name: 'shelflife', ...proxy });
const caches: { server: Server; stop: () => Promise<void> }[] = [];
for (const kind of rivals) {
  const rival = await startRival(kind, originPort);
  if (rival === undefined) console.log(`${kind.name} is not installed: ${kind.install}`);
  else caches.push({ server: pinned({ name: kind.name, ...rival }), stop: rival.stop });
}
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
  const measured = await alternate(servers, rounds, ({ url }) =>
    load.ask({ url, requests, connections, durationMs: roundMs }),
  );
  if (asked !== before) throw new Error(`${name}: the origin was asked ${asked - before} times`);
  printRounds(name, measured, own);
  await Promise.all([bare.stop(), plain.stop()]);
}

/** Everything is stored, and what compiles its code has done so. */
async function warm(url: string, requests: readonly string[]): Promise<void> {
  await load.ask({ url, requests, connections: 8, durationMs: 60_000, answers: requests.length });
  // The first hit on each page is prepared.
  const answers = Math.max(5000, 2 * requests.length);
  await load.ask({ url, requests, connections, durationMs: 60_000, answers });
}
