/** 19.3: `Server-Timing` beside Cache-Status, on every way to the client, and only when asked for. */

import t from 'tap';
import { cacheStatus, startSite } from '../helpers/scripted-site.ts';

const rules = (debug: string) => `
${debug}
content_types: { page: { scope: public, ttl: 60s } }
routes: [{ match: GET /rule, type: page }, { match: GET /passed, type: pass }]
`;

const ways: readonly (readonly [desc: string, path: string, init?: RequestInit])[] = [
  ['miss', '/rule'],
  ['hit', '/rule'],
  ['miss', '/standard'],
  ['hit', '/standard'],
  ['hit', '/standard', { method: 'HEAD' }],
  ['pass', '/passed'],
  ['pass', '/standard', { method: 'POST' }],
];

for (const isOn of [true, false]) {
  t.test(`server_timing: ${isOn}`, async (t) => {
    const site = await startSite(rules(`debug: { server_timing: ${isOn} }`), {
      answer: (_, response) => {
        response.writeHead(200, { ETag: '"1"', 'Cache-Control': 'max-age=60', 'Server-Timing': 'db;dur=53' });
        response.end('body');
      },
    });
    t.teardown(() => site.close());
    for (const [desc, path, init] of ways) {
      const response = await fetch(site.url + path, init);
      await response.text();
      const timing = response.headers.get('server-timing') ?? '';
      const own = new RegExp(`^db;dur=53, cache;desc="${desc}";dur=\\d+(\\.\\d+)?$`);
      t.match(timing, isOn ? own : /^db;dur=53$/, `${path}: ${cacheStatus(response)}`);
    }
  });
}
