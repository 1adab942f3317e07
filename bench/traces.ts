/**
 * What do traces cost a hit in memory?
 *
 * The proxy with one exchange in a hundred traced, beside the same without traces, as in `bench -- hit`. The collector
 * takes the spans in a process of its own.
 */
import { pageConfig, pageOrigin, pageRequests, startOrigin } from './parts/app.ts';
import { browserFields, requestText } from './parts/browser.ts';
import { benchNodeOptions, startChild } from './parts/child.ts';
import { printMachine } from './parts/machine.ts';
import { oneAnswer } from './parts/one-answer.ts';
import { printComparison, printComparisonHead, roundsOf, startLoad } from './parts/rounds.ts';

printMachine();
const origin = await startOrigin(pageOrigin);
const collector = await startChild('plain-server.ts', {
  status: 200,
  fields: ['Content-Type', 'application/json'],
  body: '{}',
});
const execArgv = benchNodeOptions();
const traces = `traces: { endpoint: "${collector.url}/v1/traces", sample: 0.01 }`;
const traced = await startChild('proxy-server.ts', pageConfig(origin.url, traces), { execArgv });
const untraced = await startChild('proxy-server.ts', pageConfig(origin.url));
const load = startLoad();
printComparisonHead();
for (const { name, target, more } of pageRequests()) {
  const fields = [...browserFields('www.example.org'), ...more];
  for (const { url } of [traced, untraced]) await oneAnswer(url, target, fields);
  const request = requestText({ method: 'GET', target, fields });
  printComparison(name, await load.compare(traced, untraced, { request, ...roundsOf(process.env) }));
}
load.stop();
for (const child of [traced, untraced, collector]) await child.stop();
origin.server.close();
