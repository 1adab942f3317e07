/**
 * What does a hit in memory cost beside plain node:http that writes the same bytes?
 *
 * A 1 KB object on a `public`, a `standard` and a `user` route (with a signed Flask session), asked for with a browser's 14
 * fields over 64 connections. The baseline answers with the very fields and bytes of the hit. Servers and client have a
 * process each; rounds alternate. Where the machine has other things to do, processor time for each answer tells more than
 * answers a second.
 */
import { request as ask } from 'node:http';
import { pageConfig, pageOrigin, pageRequests, startOrigin } from './parts/app.ts';
import { browserFields, requestText } from './parts/browser.ts';
import { startChild } from './parts/child.ts';
import { printMachine } from './parts/machine.ts';
import type { Answer } from './parts/plain-server.ts';
import { printComparison, printComparisonHead, roundsOf, startLoad } from './parts/rounds.ts';

printMachine();
const origin = await startOrigin(pageOrigin);
const proxy = await startChild('proxy-server.ts', pageConfig(origin.url), {
  execArgv: process.env['BENCH_NODE_OPTIONS']?.split(' '),
});
const load = startLoad();
printComparisonHead();
for (const { name, target, more } of pageRequests()) {
  const fields = [...browserFields('www.example.org'), ...more];
  await get(proxy.url, target, fields);
  const hit = await get(proxy.url, target, fields);
  const baseline = await startChild('plain-server.ts', hit);
  const request = requestText({ method: 'GET', target, fields });
  printComparison(name, await load.compare(proxy, baseline, { request, ...roundsOf(process.env) }));
  if (!isHit(await get(proxy.url, target, fields))) throw new Error(`${target} is no hit`);
  await baseline.stop();
}
load.stop();
await proxy.stop();
origin.server.close();

/** One answer with its fields as they came, but for those node:http adds by itself. */
function get(url: string, target: string, headers: readonly string[]): Promise<Answer> {
  const byNode = new Set(['connection', 'keep-alive']);
  return new Promise((resolve, reject) => {
    const sent = ask(`${url}${target}`, { headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const fields = response.rawHeaders.filter(
          (_, at, all) => !byNode.has((all[at - (at % 2)] ?? '').toLowerCase()),
        );
        resolve({ status: response.statusCode ?? 0, fields, body: Buffer.concat(chunks).toString('latin1') });
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}

function isHit({ status, fields }: Answer): boolean {
  return status === 200 && fields.some((text) => text.startsWith('shelflife; hit'));
}
