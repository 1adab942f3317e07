/**
 * Does the process stay within `store.memory` and 150 MB, whatever is asked for?
 *
 * 100,000 distinct URLs of 2 KB (BENCH_URLS) on a proxy with `store.memory: 64MiB`, then the latest of them again, then all in
 * another order. Prints the resident memory of the proxy's process over time. What is measured is what is installed: `dist/`,
 * built by `npm run build`. From `src/` the process takes 20 MB more, for Node's own stripping of types.
 */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { besideStoreBytes } from '../src/cli/collect-bodies.ts';
import { pageConfig, startOrigin } from './parts/app.ts';
import { browserFields } from './parts/browser.ts';
import { printMachine } from './parts/machine.ts';
import { startRival } from './parts/rival.ts';

const urls = Number(process.env['BENCH_URLS'] ?? 100_000);
const bound = 64 * 2 ** 20 + besideStoreBytes;
const parallel = 64;

printMachine();
const origin = await startOrigin((message, response) => {
  // No two alike, and of a kind that is not compressed.
  const body = Buffer.alloc(2048, message.url ?? '');
  response.writeHead(200, {
    'Content-Type': 'image/webp',
    'Cache-Control': 'max-age=3600',
    'Content-Length': 2048,
  });
  response.end(body);
});
const cli = join(import.meta.dirname, '../dist/cli.js');
const proxy = await startRival(
  {
    name: 'shelflife',
    command: cli,
    install: 'npm run build',
    config: ({ port }) =>
      pageConfig(origin.url, 'store: { memory: 64MiB }\ncontrol: { address: 127.0.0.1:0 }\n').replace(
        'listen: 127.0.0.1:0',
        `listen: 127.0.0.1:${port}`,
      ),
    args: (file) => ['serve', '--config', file],
  },
  0,
);
if (proxy === undefined) throw new Error(`${cli} is missing: npm run build`);
const { url, pid } = proxy;
const agent = new Agent({ keepAlive: true, maxSockets: parallel });
let highest = 0;
const watching = setInterval(() => {
  highest = Math.max(highest, residentBytes());
}, 50);
console.log('what                        asked     hits   RSS MiB');
report('at the start', { asked: 0, hits: 0 });
await ask('each once', { count: urls, urlOf: (at) => at });
await ask('the latest tenth, twice', { count: urls / 5, urlOf: (at) => urls - 1 - (at % (urls / 10)) });
await ask('all, in another order', { count: urls, urlOf: (at) => (at * 7919) % urls });
console.log(
  `highest ${mebibytes(highest)} MiB, bound ${mebibytes(bound)} MiB: ${highest <= bound ? 'within' : 'BEYOND'}`,
);
clearInterval(watching);
agent.destroy();
await proxy.stop();
origin.server.close();

async function ask(
  what: string,
  { count, urlOf }: { count: number; urlOf: (at: number) => number },
): Promise<void> {
  const counted = { asked: 0, hits: 0 };
  const steps = 5;
  for (let step = 0; step < steps; step += 1) {
    const last = Math.floor((count * (step + 1)) / steps);
    const oneAfterOther = async (): Promise<void> => {
      while (counted.asked < last) {
        const isHit = await get(`/public/${urlOf(counted.asked++)}`);
        if (isHit) counted.hits += 1;
      }
    };
    await Promise.all(Array.from({ length: parallel }, oneAfterOther));
    report(what, counted);
  }
}

function report(what: string, { asked, hits }: { asked: number; hits: number }): void {
  const rssBytes = residentBytes();
  highest = Math.max(highest, rssBytes);
  const numbers = [String(asked).padStart(9), String(hits).padStart(9)];
  console.log(`${what.padEnd(24)}${numbers.join('')}${mebibytes(rssBytes).padStart(10)}`);
}

/** Linux only. */
function residentBytes(): number {
  const [, kilobytes = ''] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

function get(target: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    request(`${url}${target}`, { agent, headers: browserFields('www.example.org') }, (response) => {
      response.resume();
      response.on('end', () => {
        resolve(String(response.headers['cache-status']).includes('; hit'));
      });
    })
      .on('error', reject)
      .end();
  });
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
