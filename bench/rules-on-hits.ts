/**
 * What do many rules and many tags cost a hit?
 *
 * The same page under 10 rules and under 1,000, the last of which is its own; and without tags and with 20, while purges of other
 * tags come every 50 ms. Asked: at least 0.95 of the first.
 */
import { pageOrigin, startOrigin } from './parts/app.ts';
import { browserFields, requestText } from './parts/browser.ts';
import { startChild } from './parts/child.ts';
import { type Asked, hitCosts, printHitCost, printHitCostHead } from './parts/hit-costs.ts';
import { printMachine } from './parts/machine.ts';
import { startLoad } from './parts/rounds.ts';

const fields = browserFields('www.example.org');
const requests = [requestText({ method: 'GET', target: '/public/page', fields })];
const tagged = (count: number): string =>
  `tags: [${Array.from({ length: count }, (_, at) => `tag-${at}`).join(', ')}]`;

printMachine();
const origin = await startOrigin(pageOrigin);
const load = startLoad();
const proxies: Asked<string>[] = [
  await start('10 rules', 10, 0),
  await start('1,000 rules', 1000, 0),
  await start('10 rules, 20 tags', 10, 20),
];
const purging = setInterval(() => {
  for (const { proxy } of proxies) void fetch(`${proxy.url}/api/things`, { method: 'POST' });
}, 50);
const costs = await hitCosts(load, proxies, requests);
clearInterval(purging);
const [first = []] = costs.values();
printHitCostHead();
for (const [name, each] of costs) printHitCost(name, each, first);
load.stop();
await Promise.all(proxies.map(({ proxy }) => proxy.stop()));
origin.server.close();

async function start(name: string, rules: number, tags: number): Promise<Asked<string>> {
  const others = Array.from(
    { length: rules - 1 },
    (_, at) => `  - { match: "GET /r${at}/:id/*", type: page }`,
  );
  const proxy = await startChild(
    'proxy-server.ts',
    `
upstream: ${origin.url}
listen: 127.0.0.1:0
content_types:
  page: { scope: public, ttl: 1h }
routes:
${others.join('\n')}
  - { match: "GET /public/:name", type: page, ${tagged(tags)} }
writes:
  - { match: POST /api/things, invalidate: [things] }
`,
  );
  return { name, proxy };
}
