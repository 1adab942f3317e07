/**
 * What does shadow add to a pass: where the copy would have been a hit, where each URL is new, and for a mix of people?
 *
 * The mix: 3,000 public URLs and 200 pages of each of 50 people, both by Zipf's law, seven public ones of ten. Each server
 * alone on one core, origin and load on another; rounds alternate, and a plain pass by the same rules is in each. BENCH_ROUNDS
 * and BENCH_ANSWERS make it longer. BENCH_BEFORE names the folder of another checkout, which is measured in the same rounds.
 */
import { join } from 'node:path';
import { alternate, loadCore, pinned, printRounds, type Server } from './parts/alternate.ts';
import { flaskSession, pageConfig } from './parts/app.ts';
import { browserFields, requestText } from './parts/browser.ts';
import { benchNodeOptions, type Child, startChild } from './parts/child.ts';
import { printMachine } from './parts/machine.ts';
import { pin } from './parts/process-time.ts';
import { startLoad } from './parts/rounds.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5);
const answers = Number(process.env['BENCH_ANSWERS'] ?? 4000);
const before = process.env['BENCH_BEFORE'];
const fields = browserFields('www.example.org');
const get = (target: string, more: readonly string[] = []): string =>
  requestText({ method: 'GET', target, fields: [...fields, ...more] });

printMachine();
const origin = await startChild('origin-server.ts', undefined);
const load = startLoad();
for (const { pid } of [origin, load]) pin(pid, loadCore);
const children: Child[] = [origin];
let made = 0;

const config = pageConfig(origin.url);
const passing = await start('pass', config.replace(/type: \w+/g, 'type: pass').replace('standard', 'pass'));
const servers = [passing, await start('shadow', `mode: shadow\n${config}`)];
if (before !== undefined)
  servers.push(await start('shadow before', `mode: shadow\n${config}`, join(before, 'bench/parts')));
await play('would be a hit', () => [get('/public/1kb-1')]);
await play('a mix of people', mixed());
await play('new URLs only', () => {
  made += 1;
  return Array.from({ length: answers }, (_, at) => get(`/public/new-${made}-${at}`));
});
load.stop();
for (const child of children) await child.stop();

async function start(name: string, text: string, folder = ''): Promise<Server> {
  const child = await startChild(join(folder, 'proxy-server.ts'), text, { execArgv: benchNodeOptions() });
  children.push(child);
  return pinned({ ...child, name });
}

async function play(name: string, requestsOf: () => string[]): Promise<void> {
  const ask = ({ url }: Server) =>
    load.ask({ url, requests: requestsOf(), connections: 16, durationMs: 15_000, answers });
  for (const server of servers) await ask(server);
  printRounds(name, await alternate(servers, rounds, ask), passing);
}

/** Requests of many people, others in each round. */
function mixed(): () => string[] {
  const people = Array.from({ length: 50 }, (_, user) => ['Cookie', `session=${flaskSession(user + 1)}`]);
  const [publicPage, ownPage] = [zipf(3000), zipf(200)];
  return () =>
    Array.from({ length: answers }, () => {
      if (Math.random() < 0.7) return get(`/public/1kb-${publicPage()}`);
      return get(`/user/1kb-${ownPage()}`, people[Math.floor(Math.random() * people.length)]);
    });
}

/** Draws from `count` by Zipf's law: the second is drawn half as often as the first. */
function zipf(count: number): () => number {
  let sum = 0;
  const upTo = Array.from({ length: count }, (_, at) => (sum += 1 / (at + 1)));
  return () => {
    const drawn = Math.random() * sum;
    return upTo.findIndex((all) => all >= drawn) + 1;
  };
}
