/**
 * Does a hit cost the same whoever asks, and for how many pages?
 *
 * One page, 200 sessions, 2,000 and 10,000 URLs of 1 KB on the same proxy, in turn, on one core; the load is on another. Asked:
 * 0.85 of one page's rate for the sessions, 0.9 for 10,000 URLs. BENCH_STORE is the memory of its store, BENCH_BEFORE the folder
 * of another checkout of shelflife, which is measured in the same rounds. BENCH_ROUNDS and BENCH_ROUND_MS make it longer.
 */
import { join } from 'node:path';
import { alternate, loadCore, pinned, printRounds, type Round, type Server } from './parts/alternate.ts';
import { flaskSession, pageConfig, pageOrigin, startOrigin } from './parts/app.ts';
import { browserFields, requestText } from './parts/browser.ts';
import { benchNodeOptions, type Child, startChild } from './parts/child.ts';
import { printMachine } from './parts/machine.ts';
import { pin } from './parts/process-time.ts';
import { startLoad } from './parts/rounds.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5);
const roundMs = Number(process.env['BENCH_ROUND_MS'] ?? 500);
const memory = process.env['BENCH_STORE'] ?? '512MiB';
const before = process.env['BENCH_BEFORE'];

const textOf = (target: string, more: readonly string[] = []): string =>
  requestText({ method: 'GET', target, fields: [...browserFields('www.example.org'), ...more] });
const mine = (user: number): string =>
  textOf('/user/1kb-0', ['Cookie', `theme=dark; session=${flaskSession(user)}`]);
const pages = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => textOf(`/public/1kb-${at}`));
const asked: ReadonlyMap<string, readonly string[]> = new Map([
  ['one page', pages(1)],
  ['200 sessions', Array.from({ length: 200 }, (_, user) => mine(user))],
  ['2,000 URLs', pages(2000)],
  ['10,000 URLs', pages(10_000)],
]);

printMachine();
const origin = await startOrigin(pageOrigin);
const load = startLoad();
pin(load.pid, loadCore);
const parts = [import.meta.dirname, ...(before === undefined ? [] : [join(before, 'bench')])];
const config = pageConfig(origin.url, `store: { memory: ${memory} }\n`);
const proxies: Child[] = [];
for (const folder of parts) {
  const file = join(folder, 'parts/proxy-server.ts');
  proxies.push(await startChild(file, config, { execArgv: benchNodeOptions() }));
}
const servers: (Server & { readonly requests: readonly string[] })[] = [];
for (const [at, proxy] of proxies.entries()) {
  for (const [name, requests] of asked) {
    await warm(proxy.url, requests);
    servers.push({ ...pinned({ ...proxy, name: at === 0 ? name : `${name}, before` }), requests });
  }
}
const requestsOf = new Map<Server, readonly string[]>(servers.map((server) => [server, server.requests]));
const measured = await alternate(servers, rounds, (server) =>
  load.ask({ url: server.url, requests: requestsOf.get(server) ?? [], connections: 64, durationMs: roundMs }),
);
for (const [at] of proxies.entries()) {
  const own = servers.slice(at * asked.size, (at + 1) * asked.size);
  const [first] = own;
  const their = new Map<Server, readonly Round[]>(own.map((server) => [server, measured.get(server) ?? []]));
  if (first !== undefined) printRounds('', their, first);
}
for (const proxy of proxies) {
  console.log(`${((await proxy.usage()).rssBytes / 2 ** 20).toFixed(1)} MiB resident`);
  await proxy.stop();
}
load.stop();
origin.server.close();

/** Everything is stored and prepared, and what compiles its code has done so. */
async function warm(url: string, requests: readonly string[]): Promise<void> {
  for (const [connections, least] of [
    [8, 0],
    [64, 5000],
    [64, 5000],
  ] as const) {
    const answers = Math.max(least, requests.length);
    await load.ask({ url, requests, connections, durationMs: 60_000, answers });
  }
}
