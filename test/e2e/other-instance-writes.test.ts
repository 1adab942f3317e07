/**
 * Writes at one instance as another sees them: followed by a redirect, out of order, answered with an error, or not at all.
 * `strict`: as soon as the writer's client has its answer; `bounded`: within `lag`; at the writer's own instance at once.
 */
import type { RequestListener, ServerResponse } from 'node:http';
import t from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { askSite, type Instances, startInstances } from '../helpers/instances.ts';
import { barrier } from '../helpers/scripted-site.ts';

// They wait more than they work.
t.jobs = 3;

type Tap = Parameters<typeof startInstances>[0];

const lagMs = 400;
/** What a busy machine adds. */
const slackMs = 3000;

/** `timeout`: how long the origin may take for a write's answer. */
const rules =
  (coherence: string, timeout: string) =>
  ({ upstream, redisUrl }: { upstream: string; redisUrl: string }) => `
upstream: { url: "${upstream}", response_timeout: ${timeout} }
store: { lag: ${lagMs}ms, coherence: ${coherence}, redis: { url: "${redisUrl}", deadline: 5s } }
content_types:
  page: { ttl: 600s, scope: public, cache_control: override, statuses: { 200: 600s } }
routes:
  - { match: GET /page, type: page, tags: [page] }
writes:
  - { match: "POST /api", invalidate: [page] }
`;

/** A page that lists what was written to it; `answer` says how a write is answered once it is applied. */
function notebook(
  { origin }: Instances,
  answer: (response: ServerResponse, note: string) => void,
): RequestListener {
  const notes: string[] = [];
  const listener: RequestListener = (request, response) => {
    if (request.method !== 'POST') {
      response.end(`notes: ${notes.join(' ')}`);
      return;
    }
    const note = String(request.headers['x-note']);
    notes.push(note);
    answer(response, note);
  };
  origin.answerWith(listener);
  return listener;
}

const write = (url: string, note: string) =>
  askSite(`${url}/api`, { method: 'POST', headers: { 'x-note': note } });
const page = async (url: string) => (await askSite(`${url}/page`)).text;

/** Opens two instances that both have the page in memory. */
async function warmed(
  t: Tap,
  { coherence, timeout = '60s' }: { readonly coherence: string; readonly timeout?: string },
  answer: Parameters<typeof notebook>[1],
) {
  const instances = await startInstances(t, rules(coherence, timeout));
  const [here = '', there = ''] = instances.proxies.map(({ url }) => url);
  notebook(instances, answer);
  for (const url of [here, there]) {
    await page(url);
    t.match((await askSite(`${url}/page`)).fate, /^hit/);
  }
  const sees = async (wanted: string): Promise<void> => {
    t.equal(await page(here), wanted, 'where it was written, at once');
    if (coherence === 'strict') t.equal(await page(there), wanted, 'elsewhere, at once');
    else {
      const seen = async () => (await page(there)) === wanted;
      t.ok((await eventually('seen elsewhere', seen)) < lagMs + slackMs, 'elsewhere, within lag');
    }
    for (const url of [here, there]) t.equal(await page(url), wanted, 'and from then on');
  };
  return { here, there, sees, instances };
}

for (const coherence of ['strict', 'bounded']) {
  t.test(`${coherence}: a POST answered with a redirect that is followed at another instance`, async (t) => {
    const { here, there, sees } = await warmed(t, { coherence }, (response) => {
      response.writeHead(303, { location: '/page' }).end();
    });
    for (const [round, [writer = '', reader = '']] of [
      [here, there],
      [there, here],
      [here, there],
    ].entries()) {
      const { status, headers } = await write(writer, `n${round}`);
      t.equal(status, 303);
      const followed = await page(reader);
      if (coherence === 'strict') t.match(followed, `n${round}`, 'the page shows the write');
      t.equal(headers.location, '/page');
    }
    await sees('notes: n0 n1 n2');
  });

  t.test(`${coherence}: a write answered with 500 although it was applied`, async (t) => {
    const { here, sees } = await warmed(t, { coherence }, (response) => {
      response.writeHead(500).end('sorry');
    });
    t.equal((await write(here, 'n1')).status, 500);
    await sees('notes: n1');
  });

  t.test(`${coherence}: a write without an answer although it was applied`, async (t) => {
    const { here, sees } = await warmed(t, { coherence, timeout: '1s' }, () => undefined);
    t.equal((await write(here, 'n1')).status, 504);
    await sees('notes: n1');
  });

  t.test(`${coherence}: a write whose connection breaks although it was applied`, async (t) => {
    const { here, sees } = await warmed(t, { coherence }, (response) => response.destroy());
    t.equal((await write(here, 'n1')).status, 502);
    await sees('notes: n1');
  });

  t.test(`${coherence}: two writes whose answers come in the reverse order`, async (t) => {
    const [arrived, release] = [barrier(), barrier()];
    const { here, there, sees } = await warmed(t, { coherence }, (response, note) => {
      if (note === 'late') arrived.arrive();
      void (note === 'late' ? release.reached : Promise.resolve()).then(() => response.end('written'));
    });
    const late = write(there, 'late');
    await arrived.reached;
    await write(here, 'quick');
    await sees('notes: late quick');
    release.arrive();
    t.equal((await late).status, 200);
    await sees('notes: late quick');
  });
}
