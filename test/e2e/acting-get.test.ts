/** A GET that a write rule lists has side effects: it reaches the origin once, whatever happens to the connection. */

import t from 'tap';
import { startSite } from '../helpers/scripted-site.ts';

const rules = `
content_types: { page: { ttl: 60s } }
routes:
  - { match: GET /page, type: page }
writes:
  - { match: GET /admin/approve, invalidate: [library] }
unmatched: pass
`;

for (const [path, times] of [
  ['/admin/approve', 1],
  ['/plain', 2],
] as const) {
  t.test(`GET ${path} on a connection that dies is sent ${times === 1 ? 'once' : 'again'}`, async (t) => {
    const site = await startSite(rules);
    t.teardown(() => site.close());
    // Leaves a connection open that the next request will use.
    await (await fetch(`${site.url}/warm-up`)).text();
    let dying = true;
    site.answerWith((request, response) => {
      if (dying) request.socket.destroy();
      else response.end('done');
      dying = false;
    });
    const { status } = await fetch(site.url + path);
    t.equal(site.seen.filter((seen) => seen === `GET ${path}`).length, times);
    t.equal(status, times === 1 ? 502 : 200);
  });
}
