/**
 * What does it cost to pass a request through, beside a bare @fastify/http-proxy with the same undici settings?
 *
 * A GET on a `pass` route and a POST of 256 bytes, answered with 1 KB, with a browser's fields over 64 connections. Origin,
 * servers and client have a process each; rounds alternate.
 */
import { pageConfig } from './parts/app.ts';
import { browserFields, requestText } from './parts/browser.ts';
import { startChild } from './parts/child.ts';
import { printMachine } from './parts/machine.ts';
import { printComparison, printComparisonHead, roundsOf, startLoad } from './parts/rounds.ts';

printMachine();
const origin = await startChild('origin-server.ts', undefined);
const proxy = await startChild('proxy-server.ts', pageConfig(origin.url), {
  execArgv: process.env['BENCH_NODE_OPTIONS']?.split(' '),
});
const bare = await startChild('bare-proxy-server.ts', origin.url);
const load = startLoad();
const fields = browserFields('www.example.org');
const requests = [
  { name: 'GET', text: requestText({ method: 'GET', target: '/export/2026.csv', fields }) },
  {
    name: 'POST, 256 bytes',
    text: requestText(
      { method: 'POST', target: '/api/other', fields: [...fields, 'Content-Type', 'text/plain'] },
      'y'.repeat(256),
    ),
  },
];
printComparisonHead();
for (const { name, text } of requests) {
  printComparison(name, await load.compare(proxy, bare, { request: text, ...roundsOf(process.env) }));
}
load.stop();
await Promise.all([proxy.stop(), bare.stop()]);
await origin.stop();
