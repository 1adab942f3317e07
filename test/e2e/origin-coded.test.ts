import { randomBytes } from 'node:crypto';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import t from 'tap';
import { barrier, cacheStatus, startSite } from '../helpers/scripted-site.ts';
import { eventually } from '../helpers/eventually.ts';
import { ask, fateOf } from '../helpers/raw-client.ts';

const rules = `
content_types:
  page: { ttl: 60s, scope: public, cache_control: override, stale_if_error: 10m }
routes:
  - { match: GET /p/*, type: page }
`;
const texts = { small: 'a page '.repeat(50), large: randomBytes(200_000).toString('hex') };
const get = { lines: ['Accept-Encoding: gzip, br'] };

for (const [size, text] of Object.entries(texts)) {
  for (const path of ['/p/page', '/standard']) {
    t.test(
      `${path}, ${size}: a coded body cut short within intact framing is delivered, not stored`,
      async (t) => {
        const site = await startSite(rules);
        t.teardown(() => site.close());
        const whole = { gzip: gzipSync(text), br: brotliCompressSync(text) };
        for (const [coding, coded] of Object.entries(whole)) {
          const target = `${path}?${coding}`;
          const head = { 'Content-Encoding': coding, 'Cache-Control': 'max-age=60' };
          const cut = coded.subarray(0, coded.length >> 1);
          site.answerWith((_request, response) => {
            response.writeHead(200, head);
            response.write(cut.subarray(0, 20));
            response.end(cut.subarray(20));
          });
          for (const _ of [1, 2]) {
            const answer = await ask(site.url, { target, ...get });
            t.match(fateOf(answer), /^fwd=uri-miss/);
            t.equal(answer.body, cut.toString('latin1'), 'as it came');
          }
          site.answerWith((_request, response) => {
            response.writeHead(200, { ...head, 'Content-Length': coded.length });
            response.end(coded);
          });
          t.equal((await ask(site.url, { target, ...get })).body, coded.toString('latin1'));
          await eventually('the whole one is stored', async () =>
            fateOf(await ask(site.url, { target, ...get })).startsWith('hit'),
          );
        }
      },
    );
  }
}

t.test('a coded page of a usual size is a hit from the second request on', async (t) => {
  const coded = gzipSync(randomBytes(70_000).toString('hex'));
  const site = await startSite(rules, {
    answer: (_request, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': coded.length });
      response.end(coded);
    },
  });
  t.teardown(() => site.close());
  await ask(site.url, { target: '/p/1', ...get });
  t.match(fateOf(await ask(site.url, { target: '/p/1', ...get })), /^hit/);
});

t.test('a renewal with a truncated coding keeps the stored copy', async (t) => {
  const site = await startSite(rules.replace('ttl: 60s', 'ttl: 1s, min: 1s, stale_while_revalidate: 1h'));
  t.teardown(() => site.close());
  site.answerWith((_request, response) => response.end('the first'));
  t.equal(await (await fetch(`${site.url}/p/1`)).text(), 'the first');
  site.answerWith((_request, response) => {
    response.writeHead(200, { 'Content-Encoding': 'gzip' });
    response.end(gzipSync('the second').subarray(0, -5));
  });
  await eventually('it has been asked for again', async () => {
    await (await fetch(`${site.url}/p/1`)).text();
    return site.seen.length > 1 && site.proxy.services.flights.size === 0;
  });
  const after = await fetch(`${site.url}/p/1`);
  t.equal(await after.text(), 'the first');
  t.match(cacheStatus(after), /^hit/);
});

t.test('requests that wait for a body that proves truncated fetch by themselves', async (t) => {
  const coded = gzipSync(texts.large);
  const site = await startSite(rules);
  t.teardown(() => site.close());
  const let1 = barrier();
  site.answerWith((_request, response) => {
    const isFirst = site.seen.length === 1;
    response.writeHead(200, { 'Content-Encoding': 'gzip' });
    response.write(coded.subarray(0, 10));
    void (isFirst ? let1.reached : Promise.resolve()).then(() =>
      response.end(coded.subarray(10, isFirst ? coded.length - 9 : undefined)),
    );
  });
  const first = ask(site.url, { target: '/p/1', ...get });
  await eventually('the first has asked', () => site.seen.length === 1);
  const { flights } = site.proxy.services;
  const joined = new Set<NonNullable<ReturnType<typeof flights.get>>>();
  const find = flights.get.bind(flights);
  flights.get = (key) => {
    const flight = find(key);
    if (flight !== undefined) joined.add(flight);
    return flight;
  };
  const others = [1, 2, 3].map(() => ask(site.url, { target: '/p/1', ...get }));
  await eventually('all are here', () => [...joined].some(({ waiters }) => waiters === 3));
  let1.arrive();
  t.equal((await first).body.length, coded.length - 9);
  for (const answer of await Promise.all(others)) t.equal(answer.body, coded.toString('latin1'));
});

t.test('a page purged while its large body is checked is not stored', async (t) => {
  const coded = gzipSync(texts.large);
  const site = await startSite(rules);
  t.teardown(() => site.close());
  const proof = barrier();
  const { codedBodies } = site.proxy.services;
  const isWhole = codedBodies.isWhole.bind(codedBodies);
  codedBodies.isWhole = (entry) => proof.reached.then(() => isWhole(entry));
  site.answerWith((_request, response) => {
    response.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': coded.length });
    response.end(coded);
  });
  await ask(site.url, { target: '/p/1', ...get });
  await ask(site.url, { method: 'POST', target: '/p/1', lines: ['Content-Length: 0'] });
  proof.arrive();
  await eventually('it is judged', () =>
    site.outcomes.some(({ notStored }) => notStored === 'purged-during-fetch'),
  );
  t.match(fateOf(await ask(site.url, { target: '/p/1', ...get })), /^fwd=uri-miss/);
});
