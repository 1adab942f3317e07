/**
 * What does a hit in memory cost beside plain node:http that writes the same bytes?
 *
 * A 1 KB object on a `public`, a `standard` and a `user` route (with a signed Flask session), asked for with a browser's 14
 * fields over 64 connections. The baseline answers with the very fields and bytes of the hit. Servers and client have a
 * process each; rounds alternate. Where the machine has other things to do, processor time for each answer tells more than
 * answers a second.
 */
import { pageConfig, pageOrigin, pageRequests, startOrigin } from './parts/app.ts';
import { browserFields, requestText } from './parts/browser.ts';
import { benchNodeOptions, startChild } from './parts/child.ts';
import { printMachine } from './parts/machine.ts';
import { isStored, oneAnswer } from './parts/one-answer.ts';
import { printComparison, printComparisonHead, roundsOf, startLoad } from './parts/rounds.ts';

printMachine();
const origin = await startOrigin(pageOrigin);
const proxy = await startChild('proxy-server.ts', pageConfig(origin.url), {
  execArgv: benchNodeOptions(),
});
const load = startLoad();
printComparisonHead();
for (const { name, target, more } of pageRequests()) {
  const fields = [...browserFields('www.example.org'), ...more];
  await oneAnswer(proxy.url, target, fields);
  const hit = await oneAnswer(proxy.url, target, fields);
  const baseline = await startChild('plain-server.ts', hit);
  const request = requestText({ method: 'GET', target, fields });
  printComparison(name, await load.compare(proxy, baseline, { request, ...roundsOf(process.env) }));
  if (!isStored(await oneAnswer(proxy.url, target, fields))) throw new Error(`${target} is no hit`);
  await baseline.stop();
}
load.stop();
await proxy.stop();
origin.server.close();
