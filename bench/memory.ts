/**
 * Does the process stay within `store.memory` and 150 MiB, whatever is asked for?
 *
 * 100,000 distinct URLs of 2 KB on a proxy with `store.memory: 64MiB`, then the latest of them again, then all in another
 * order. Prints the resident memory of the proxy's process over time.
 */
import { Agent, request } from 'node:http';
import { pageConfig, startOrigin } from './parts/app.ts';
import { browserFields } from './parts/browser.ts';
import { type Child, startChild } from './parts/child.ts';
import { printMachine } from './parts/machine.ts';

const urls = Number(process.env['BENCH_URLS'] ?? 100_000);
const bound = (64 + 150) * 2 ** 20;
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
const proxy = await startChild('proxy-server.ts', pageConfig(origin.url, 'store: { memory: 64MiB }\n'));
const agent = new Agent({ keepAlive: true, maxSockets: parallel });
let highest = 0;
console.log('what                        asked     hits   RSS MiB  heap MiB');
await report('at the start', { asked: 0, hits: 0 });
await ask('each once', { count: urls, urlOf: (at) => at });
await ask('the latest tenth, twice', { count: urls / 5, urlOf: (at) => urls - 1 - (at % (urls / 10)) });
await ask('all, in another order', { count: urls, urlOf: (at) => (at * 7919) % urls });
console.log(
  `highest ${mebibytes(highest)} MiB, bound ${mebibytes(bound)} MiB: ${highest <= bound ? 'within' : 'BEYOND'}`,
);
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
        const isHit = await get(proxy, `/public/${urlOf(counted.asked++)}`);
        if (isHit) counted.hits += 1;
      }
    };
    await Promise.all(Array.from({ length: parallel }, oneAfterOther));
    await report(what, counted);
  }
}

async function report(what: string, { asked, hits }: { asked: number; hits: number }): Promise<void> {
  const { rssBytes, heapBytes } = await proxy.usage();
  highest = Math.max(highest, rssBytes);
  const numbers = [String(asked).padStart(9), String(hits).padStart(9)];
  console.log(
    `${what.padEnd(24)}${numbers.join('')}${mebibytes(rssBytes).padStart(10)}${mebibytes(heapBytes).padStart(10)}`,
  );
}

function get({ url }: Child, target: string): Promise<boolean> {
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
