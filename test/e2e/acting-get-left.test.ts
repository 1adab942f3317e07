/** A client leaves while a GET with side effects runs: the origin finishes, and what the GET made stale is purged after it. */

import t, { type Test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { barrier, cacheStatus, type Site, startSite } from '../helpers/scripted-site.ts';

const rules = `
content_types: { page: { ttl: 60s, scope: public } }
routes:
  - { match: GET /page, type: page, tags: [library] }
writes:
  - { match: GET /admin/approve, invalidate: [library] }
unmatched: pass
`;

/** A site whose page has versions; `/admin/approve` makes the next one when it is let go. */
async function startLibrary(t: Test, { endsBody = true } = {}) {
  const [asked, mayAct] = [barrier(), barrier()];
  let version = 1;
  let wasCut = false;
  const site = await startSite(rules, {
    answer: (request, response) => {
      if (request.url === '/page') {
        response.end(`version ${version}`);
        return;
      }
      response.on('close', () => {
        wasCut = !response.writableFinished;
      });
      asked.arrive();
      void mayAct.reached.then(() => {
        version += 1;
        response.write('appro');
        if (endsBody) response.end('ved');
      });
    },
  });
  t.teardown(() => site.close());
  return { site, asked, mayAct, wasCut: () => wasCut };
}

const read = async ({ url }: Site): Promise<[string, string]> => {
  const response = await fetch(`${url}/page`);
  return [await response.text(), cacheStatus(response).split(';')[0] ?? ''];
};

/** How many purges there have been. */
const purges = ({ proxy }: Site): number => proxy.services.purgeLog.position().seq;

/** Asks for what acts, under the method given by a field if need be, and leaves before there is an answer. */
async function leave(site: Site, asked: Promise<void>, headers: Record<string, string> = {}): Promise<void> {
  const leaving = new AbortController();
  const answer = fetch(`${site.url}/admin/approve`, { signal: leaving.signal, headers });
  await asked;
  leaving.abort();
  await answer.catch(() => undefined);
}

t.test('entries are purged when the client disconnects, and again when the origin has acted', async (t) => {
  const { site, asked, mayAct, wasCut } = await startLibrary(t);
  await read(site);
  t.strictSame(await read(site), ['version 1', 'hit']);
  await leave(site, asked.reached);
  await eventually('ended when the client goes', () => purges(site) === 1);
  t.strictSame(await read(site), ['version 1', 'fwd=uri-miss']);
  t.strictSame(await read(site), ['version 1', 'hit'], 'stored from before the act');
  t.notOk(wasCut(), 'the origin is left to act');
  mayAct.arrive();
  await eventually('ended when the origin has acted', () => purges(site) === 2);
  t.strictSame(await read(site), ['version 2', 'fwd=uri-miss']);
  await eventually('told', () => site.outcomes.some(({ pass }) => pass === 'write-rule'));
  t.equal(site.seen.filter((seen) => seen === 'GET /admin/approve').length, 1);
});

t.test('after the client has gone, only the head of the answer is read', async (t) => {
  const { site, asked, mayAct, wasCut } = await startLibrary(t, { endsBody: false });
  await leave(site, asked.reached);
  await eventually('ended when the client goes', () => purges(site) === 1);
  mayAct.arrive();
  await eventually('cut', wasCut);
  t.equal(purges(site), 2);
});

t.test('a GET that only reads ends when its client disconnects', async (t) => {
  const asked = barrier();
  const cut = barrier();
  const site = await startSite('unmatched: pass', {
    answer: (_request, response) => {
      response.on('close', cut.arrive);
      asked.arrive();
    },
  });
  t.teardown(() => site.close());
  await leave(site, asked.reached);
  await cut.reached;
  t.equal(purges(site), 0);
});

t.test('a GET with a method override is a write here too', async (t) => {
  const asked = barrier();
  const mayAct = barrier();
  const site = await startSite('unmatched: standard', {
    answer: (_request, response) => {
      asked.arrive();
      void mayAct.reached.then(() => response.end('done'));
    },
  });
  t.teardown(() => site.close());
  await leave(site, asked.reached, { 'x-http-method-override': 'DELETE' });
  await eventually('ended when the client goes', () => purges(site) === 1);
  mayAct.arrive();
  await eventually('and when it has acted', () => purges(site) === 2);
});
