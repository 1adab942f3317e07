/**
 * What does the audit cost a hit in memory?
 *
 * The proxy with one hit in a thousand compared with the app's own answer, beside the same without, each alone on one core,
 * origin and load on another; rounds alternate. BENCH_ROUNDS and BENCH_ANSWERS make it longer.
 */
import { alternate, loadCore, pinned, printRounds, type Server } from './parts/alternate.ts';
import { pageConfig, pageRequests } from './parts/app.ts';
import { browserFields, requestText } from './parts/browser.ts';
import { benchNodeOptions, type Child, startChild } from './parts/child.ts';
import { printMachine } from './parts/machine.ts';
import { pin } from './parts/process-time.ts';
import { startLoad } from './parts/rounds.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 7);
const answers = Number(process.env['BENCH_ANSWERS'] ?? 40_000);

printMachine();
const origin = await startChild('origin-server.ts', undefined);
const load = startLoad();
for (const { pid } of [origin, load]) pin(pid, loadCore);
const children: Child[] = [origin];

const plain = await start('no audit', '');
const servers = [plain, await start('audit 0.1%', 'audit: { sample: 0.1% }')];
for (const { name, target, more } of pageRequests()) {
  const fields = [...browserFields('www.example.org'), ...more];
  const requests = [requestText({ method: 'GET', target, fields })];
  const ask = ({ url }: Server) => load.ask({ url, requests, connections: 16, durationMs: 15_000, answers });
  for (const server of servers) await ask(server);
  printRounds(name, await alternate(servers, rounds, ask), plain);
}
load.stop();
for (const child of children) await child.stop();

async function start(name: string, more: string): Promise<Server> {
  const child = await startChild('proxy-server.ts', pageConfig(origin.url, more), {
    execArgv: benchNodeOptions(),
  });
  children.push(child);
  return pinned({ ...child, name });
}
