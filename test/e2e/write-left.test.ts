/** A client leaves while its write runs: what the write made stale is purged after it, and the write is logged. */

import t, { type Test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { barrier, cacheStatus, type Site, startSite } from '../helpers/scripted-site.ts';

const rules = `
content_types: { page: { ttl: 60s, scope: public } }
routes:
  - { match: GET /page, type: page, tags: [library] }
writes:
  - { match: [POST /books, DELETE /books/:id, PUT /books/:id], invalidate: [library] }
`;

/** A site whose page has versions; a write makes the next one when it is let go. */
async function startLibrary(t: Test) {
  const [asked, mayWrite] = [barrier(), barrier()];
  let version = 1;
  const site = await startSite(rules, {
    answer: (request, response) => {
      if (request.method === 'GET') {
        response.end(`version ${version}`);
        return;
      }
      request.resume().on('end', asked.arrive);
      void mayWrite.reached.then(() => {
        version += 1;
        response.end('written');
      });
    },
  });
  t.teardown(() => site.close());
  return { site, asked, mayWrite };
}

const read = async ({ url }: Site): Promise<[string, string]> => {
  const response = await fetch(`${url}/page`);
  return [await response.text(), cacheStatus(response).split(';')[0] ?? ''];
};

/** How many purges there have been. */
const purges = ({ proxy }: Site): number => proxy.services.purgeLog.position().seq;

const writes: readonly (readonly [what: string, path: string, request: RequestInit])[] = [
  ['a DELETE', '/books/1', { method: 'DELETE' }],
  ['a DELETE that names a type', '/books/1', { method: 'DELETE', headers: { 'content-type': 'text/plain' } }],
  ['a POST with nothing in it', '/books', { method: 'POST' }],
  ['a PUT with a body', '/books/1', { method: 'PUT', body: 'words' }],
];

for (const [what, path, request] of writes) {
  t.test(`${what}: purged when the client leaves, and again when the origin has written`, async (t) => {
    const { site, asked, mayWrite } = await startLibrary(t);
    await read(site);
    const leaving = new AbortController();
    const answer = fetch(site.url + path, { ...request, signal: leaving.signal });
    await asked.reached;
    leaving.abort();
    await answer.catch(() => undefined);
    await eventually('ended when the client goes', () => purges(site) === 1);
    t.strictSame(await read(site), ['version 1', 'fwd=uri-miss']);
    t.strictSame(await read(site), ['version 1', 'hit'], 'stored from before the write');
    mayWrite.arrive();
    await eventually('ended when the origin has written', () => purges(site) === 2);
    t.strictSame(await read(site), ['version 2', 'fwd=uri-miss']);
    const { method } = request;
    await eventually('told', () => site.outcomes.some((outcome) => outcome.method === method));
    t.equal(site.seen.filter((seen) => seen.startsWith(method ?? '')).length, 1);
  });
}
