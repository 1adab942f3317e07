/** Writes go to the origin by @fastify/http-proxy, over its own connections: breaker, governor and counters hear of them. */
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { type Answer, barrier, type Site, startSite } from '../helpers/scripted-site.ts';

const token = 'a-token-of-thirty-two-characters!';
const rules = `
control: { token: ${token} }
content_types: { page: { ttl: 60s, scope: public, cache_control: override } }
routes: [{ match: GET /p/*, type: page }]
warm: { concurrency: 4 }
`;

async function start(t: Test, { upstream = '', answer }: { upstream?: string; answer?: Answer } = {}) {
  const site = await startSite(upstream + rules, answer === undefined ? {} : { answer });
  t.teardown(() => site.close());
  return site;
}

const isClosed = ({ proxy }: Site): boolean => proxy.services.origin.health.isClosed;

const write = async (site: Site, method = 'POST', body?: string): Promise<number> => {
  const response = await fetch(`${site.url}/w`, { method, ...(body === undefined ? {} : { body }) });
  await response.arrayBuffer();
  return response.status;
};

const saying =
  (status: number): Answer =>
  (_request, response) => {
    response.writeHead(status).end('said');
  };

t.test('writes that are answered 503 open the breaker, and one that is answered 200 closes it', async (t) => {
  const site = await start(t, { answer: saying(503) });
  for (let count = 0; count < 5; count += 1) {
    t.ok(isClosed(site), `after ${count}`);
    await write(site, 'POST', 'a body');
  }
  t.notOk(isClosed(site));
  site.answerWith(saying(200));
  t.equal(await write(site, 'DELETE'), 200);
  t.ok(isClosed(site));
});

t.test('writes that find nobody, and those without a body that are dropped, open it', async (t) => {
  for (const method of ['POST', 'DELETE']) {
    const site = await start(t, { answer: ({ socket }) => void socket.destroy() });
    if (method === 'POST') await new Promise((resolve) => site.origin.close(resolve));
    for (let count = 0; count < 5; count += 1)
      await write(site, method, method === 'POST' ? 'body' : undefined);
    t.notOk(isClosed(site), method);
  }
});

t.test('clients that cut their uploads short say nothing of the origin', async (t) => {
  const site = await start(t, {
    answer: (request, response) => {
      request
        .on('error', () => undefined)
        .resume()
        .on('end', () => response.end());
    },
  });
  const { hostname, port } = new URL(site.url);
  for (let count = 1; count <= 6; count += 1) {
    const client = connect(Number(port), hostname);
    client.write('POST /w HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000\r\n\r\npart of it');
    await eventually('the origin has its head', () => site.seen.length === count);
    client.destroy();
    await eventually('it is over', () => site.outcomes.length === count);
  }
  t.ok(isClosed(site));
});

t.test('a transfer coding that nobody asked for is no answer to a write', async (t) => {
  const site = await start(t, {
    answer: ({ socket }) => {
      socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5\r\nbytes\r\n0\r\n\r\n');
    },
  });
  for (let count = 0; count < 5; count += 1) t.equal(await write(site, 'DELETE'), 502);
  t.notOk(isClosed(site));
});

t.test('writes hold connections: the governor begins nothing while they hold most of them', async (t) => {
  const { arrive, reached } = barrier();
  const site = await start(t, {
    answer: ({ method }, response) => {
      if (method === 'GET') response.end('page');
      else void reached.then(() => response.end('done'));
    },
  });
  const { governor, warm } = site.proxy.refresh;
  await site.proxy.replaceConfig({
    ...site.proxy.services.site().config,
    upstream: { ...site.proxy.services.site().config.upstream, connections: 2 },
  });
  const writes = [write(site, 'POST', 'one'), write(site, 'DELETE')];
  await eventually('both are at the origin', () => site.seen.length === 2);
  t.equal(governor.stats().limit, 0);
  const warming = warm({ urls: ['/p/1'], popular: 0, sitemap: undefined });
  await eventually('it waits', () => governor.stats().waiting === 1);
  t.notOk(site.seen.includes('GET /p/1'));
  arrive();
  t.strictSame(await Promise.all(writes), [200, 200]);
  t.match(await warming, { warmed: 1 });
  t.equal(governor.stats().limit, 4, 'nothing is under way');
});

t.test('each write is counted once as a call of the origin', async (t) => {
  const { reached, arrive } = barrier();
  const site = await start(t, {
    answer: (_request, response) => void reached.then(() => response.end('done')),
  });
  const before = await originRequests(site);
  const writing = write(site);
  await eventually('it is there', () => site.seen.length === 1);
  t.equal(await originRequests(site), before, 'when it is over');
  arrive();
  await writing;
  await eventually('counted', async () => (await originRequests(site)) === before + 1);
});

async function originRequests({ proxy }: Site): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${String(proxy.controlUrl)}/metrics`, { headers });
  const found = /^shelflife_origin_requests_total (\d+)$/m.exec(await response.text());
  if (found === null) throw new Error(`no figure: ${response.status}`);
  return Number(found[1]);
}
