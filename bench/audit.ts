/**
 * What does the audit cost a hit in memory?
 *
 * The proxy with a share of its hits compared with the app's own answer (BENCH_SAMPLE, one in a thousand), beside the same without,
 * each alone on one core, origin and load on another. Both have passed requests before, as a proxy has that serves an app. Rounds are
 * short and alternate, and each is compared with the one beside it. BENCH_ROUNDS and BENCH_ANSWERS make it longer, BENCH_BEFORE names
 * the folder of another checkout, which is measured in the same rounds.
 */
import { join } from 'node:path';
import { alternate, loadCore, pinned, printRounds, type Round, type Server } from './parts/alternate.ts';
import { pageConfig, pageRequests } from './parts/app.ts';
import { browserFields, requestText } from './parts/browser.ts';
import { benchNodeOptions, type Child, startChild } from './parts/child.ts';
import { printMachine } from './parts/machine.ts';
import { pin } from './parts/process-time.ts';
import { startLoad } from './parts/rounds.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 60);
const answers = Number(process.env['BENCH_ANSWERS'] ?? 4000);
const sample = Number(process.env['BENCH_SAMPLE'] ?? 0.001);
const before = process.env['BENCH_BEFORE'];
const passed = 8000;

printMachine();
const origin = await startChild('origin-server.ts', undefined);
const load = startLoad();
for (const { pid } of [origin, load]) pin(pid, loadCore);
const children: Child[] = [origin];

const audit = `audit: { sample: ${sample * 100}% }`;
const plain = await start('no audit', '');
const servers = [plain, await start(`audit ${sample * 100}%`, audit)];
if (before !== undefined) servers.push(await start('audit before', audit, join(before, 'bench/parts')));
const asking = (target: string, count: number, more: readonly string[] = []) => {
  const fields = [...browserFields('www.example.org'), ...more];
  const requests = [requestText({ method: 'GET', target, fields })];
  return ({ url }: Server) =>
    load.ask({ url, requests, connections: 16, durationMs: 15_000, answers: count });
};
for (const server of servers) await asking('/export/page', passed)(server);
for (const { name, target, more } of pageRequests()) {
  const ask = asking(target, answers, more);
  for (const server of servers) await ask(server);
  const measured = await alternate(servers, rounds, ask);
  printRounds(name, measured, plain);
  for (const server of servers) if (server !== plain) printEach(server, measured);
}
load.stop();
for (const child of children) await child.stop();

/** What one audited hit takes beside what it would have taken anyway: the mean of the middle half of the rounds. */
function printEach({ name }: Server, measured: ReadonlyMap<Server, readonly Round[]>): void {
  const beside = measured.get(plain) ?? [];
  const own = [...measured].find(([server]) => server.name === name)?.[1] ?? [];
  const each = own.map(({ cpuUs }, at) => (cpuUs - (beside[at]?.cpuUs ?? 0)) / sample);
  const middle = each.toSorted((one, other) => one - other).slice(each.length / 4, (each.length * 3) / 4);
  const mean = middle.reduce((sum, one) => sum + one, 0) / middle.length;
  const spread = `${middle[0]?.toFixed(0) ?? ''} to ${middle.at(-1)?.toFixed(0) ?? ''}`;
  console.log(`${name}: ${mean.toFixed(0)} µs for each hit that is compared (${spread})`);
}

async function start(name: string, more: string, folder = ''): Promise<Server> {
  const child = await startChild(join(folder, 'proxy-server.ts'), pageConfig(origin.url, more), {
    execArgv: benchNodeOptions(),
  });
  children.push(child);
  return pinned({ ...child, name });
}
