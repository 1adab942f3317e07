/**
 * What does the cache do for an app as in the guide: 200 people, Zipf, 95 % reads?
 *
 * The sample app with its real database (PostgreSQL in its process), asked by 8 at a time; then the same requests through
 * the proxy with config/demo.yaml. The first quarter warms up and is not counted. Printed: mean and 95th percentile of the
 * time to a whole answer, queries and time in the database, hit rate of the reads, and the size of the store. The guide asks for a
 * hit rate above 80 %, a mean 70 % lower, and 60 % less work for the database. BENCH_REQUESTS makes it longer.
 */
import { Agent, request as ask } from 'node:http';
import type { Counters } from '../examples/webapp/database.ts';
import type { MetricsSummary } from '../src/watch/show/summary.ts';
import { startChild } from './parts/child.ts';
import { cookieOf, guidePlan, type GuideRequest, type Person } from './parts/guide-plan.ts';
import { printMachine } from './parts/machine.ts';
import { percentile } from './parts/percentile.ts';
import { freePort } from './parts/rival.ts';
import type { WebappArgument } from './parts/webapp-server.ts';

type Answer = { readonly status: number; readonly cacheStatus: string; readonly body: string };
type Played = {
  readonly meanMs: number;
  readonly p95Ms: number;
  readonly queries: number;
  readonly databaseMs: number;
  readonly hitRate: number;
  readonly wrong: number;
};

const atOnce = 8;
const count = Number(process.env['BENCH_REQUESTS'] ?? 8000);
const secret = 'a secret for this benchmark';
const token = 'a-token-for-this-benchmark-that-is-long-enough';
const app200: WebappArgument = { secret, people: 200 };
const agent = new Agent({ keepAlive: true, maxSockets: atOnce });

printMachine();
const app = await startChild('webapp-server.ts', app200);
const people: Person[] = [];
for (let id = 1; id <= app200.people; id += 1) people.push(await personOf(id));
const plan = guidePlan(count, people);
const direct = await play(app.url);
const control = `127.0.0.1:${await freePort()}`;
const proxy = await startChild('webapp-server.ts', {
  ...app200,
  env: {
    WEBAPP_PORT: new URL(app.url).port,
    SHELFLIFE_LISTEN: '127.0.0.1:0',
    SHELFLIFE_CONTROL: control,
    SHELFLIFE_TOKEN: token,
  },
} satisfies WebappArgument);
const cached = await play(proxy.url);
print(direct, cached);
const authorization = { authorization: `Bearer ${token}` };
const answer = await fetch(`http://${control}/api/cache/metrics`, { headers: authorization });
const { cache_bytes: bytes, cache_entries: entries } = (await answer.json()) as MetricsSummary;
const { rssBytes } = await proxy.usage();
const mebibytes = (size: number): string => (size / 2 ** 20).toFixed(1);
console.log(`store: ${entries} entries, ${mebibytes(bytes)} MiB; the process ${mebibytes(rssBytes)} MiB`);
agent.destroy();
await proxy.stop();
await app.stop();

/** Somebody's session and their latest files. */
async function personOf(id: number): Promise<Person> {
  const cookie = cookieOf(id, secret);
  const { body } = await send(app.url, { method: 'GET', path: '/api/files', cookie, body: undefined });
  const { files } = JSON.parse(body) as { files: readonly { id: number }[] };
  return { cookie, files: files.map((file) => file.id) };
}

async function play(site: string): Promise<Played> {
  const warmUp = Math.floor(count / 4);
  await playPart(site, plan.slice(0, warmUp));
  const before = await counters();
  const { times, hits, reads, wrong } = await playPart(site, plan.slice(warmUp));
  const after = await counters();
  return {
    meanMs: times.reduce((sum, ms) => sum + ms, 0) / times.length,
    p95Ms: percentile(times, 0.95),
    queries: after.queries - before.queries,
    databaseMs: after.ms - before.ms,
    hitRate: hits / reads,
    wrong,
  };
}

type Part = { readonly times: readonly number[]; hits: number; reads: number; wrong: number };

async function playPart(site: string, requests: readonly GuideRequest[]): Promise<Part> {
  const times: number[] = [];
  const part: Part = { times, hits: 0, reads: 0, wrong: 0 };
  let next = 0;
  const oneAfterOther = async (): Promise<void> => {
    for (let request = requests[next++]; request !== undefined; request = requests[next++]) {
      const startedMs = performance.now();
      const { status, cacheStatus } = await send(site, request);
      times.push(performance.now() - startedMs);
      if (status >= 400) part.wrong += 1;
      if (request.method !== 'GET') continue;
      part.reads += 1;
      if (cacheStatus.startsWith('shelflife; hit')) part.hits += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, oneAfterOther));
  return part;
}

async function counters(): Promise<Counters> {
  const answered = await fetch(`${app.url}/__db`, { headers: { accept: 'application/json' } });
  return (await answered.json()) as Counters;
}

function send(site: string, { method, path, cookie, body }: GuideRequest): Promise<Answer> {
  const headers = { cookie, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  return new Promise((resolve, reject) => {
    const sent = ask(`${site}${path}`, { method, agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => (text += piece));
      response.on('end', () => {
        const cacheStatus = String(response.headers['cache-status'] ?? '');
        resolve({ status: response.statusCode ?? 0, cacheStatus, body: text });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function print(without: Played, through: Played): void {
  console.log(
    `${plan.length} requests, the first quarter not counted\n                    without   through     less`,
  );
  const line = (name: string, of: (played: Played) => number, digits: number): void => {
    const [before, after] = [of(without), of(through)];
    const less = `${((1 - after / before) * 100).toFixed(0)} %`;
    console.log(
      name.padEnd(18),
      before.toFixed(digits).padStart(8),
      after.toFixed(digits).padStart(9),
      less.padStart(8),
    );
  };
  line('mean, ms', ({ meanMs }) => meanMs, 2);
  line('95 %, ms', ({ p95Ms }) => p95Ms, 2);
  line('queries', ({ queries }) => queries, 0);
  line('database, ms', ({ databaseMs }) => databaseMs, 0);
  console.log(`hit rate of the reads: ${(through.hitRate * 100).toFixed(1)} %`);
  if (without.wrong + through.wrong > 0)
    console.log(`answers of 400 and above: ${without.wrong}, ${through.wrong}`);
}
