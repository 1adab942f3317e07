/**
 * What does it cost to see before one trusts: a pass in shadow, where the copy would have been a hit and where it would have
 * been a miss, beside a plain pass?
 *
 * Each server alone on one core, origin and load on another; rounds alternate, and the baseline is in each. BENCH_ROUNDS and
 * BENCH_ANSWERS make it longer.
 */
import { alternate, loadCore, pinned, printRounds, type Server } from './parts/alternate.ts';
import { pageConfig } from './parts/app.ts';
import { browserFields, requestText } from './parts/browser.ts';
import { type Child, startChild } from './parts/child.ts';
import { printMachine } from './parts/machine.ts';
import { pin } from './parts/process-time.ts';
import { startLoad } from './parts/rounds.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5);
const answers = Number(process.env['BENCH_ANSWERS'] ?? 2000);
const fields = browserFields('www.example.org');
const get = (target: string): string => requestText({ method: 'GET', target, fields });

printMachine();
const origin = await startChild('origin-server.ts', undefined);
const load = startLoad();
for (const { pid } of [origin, load]) pin(pid, loadCore);
const children: Child[] = [origin];
let made = 0;

const config = pageConfig(origin.url);
const passing = await start('pass', config.replace(/type: \w+/g, 'type: pass'));
const shadow = await start('shadow', `mode: shadow\n${config}`);
await play('would be a hit', () => [get('/public/1kb-1')]);
await play('would be a miss, stored', () => {
  made += 1;
  return Array.from({ length: answers }, (_, at) => get(`/public/new-${made}-${at}`));
});
load.stop();
for (const child of children) await child.stop();

async function start(name: string, text: string): Promise<Server> {
  const child = await startChild('proxy-server.ts', text);
  children.push(child);
  return pinned({ ...child, name });
}

async function play(name: string, requestsOf: () => string[]): Promise<void> {
  const ask = ({ url }: Server) =>
    load.ask({ url, requests: requestsOf(), connections: 16, durationMs: 15_000, answers });
  for (const server of [passing, shadow]) await ask(server);
  printRounds(name, await alternate([passing, shadow], rounds, ask), passing);
}
