import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { answersTo } from '../helpers/raw-client.ts';
import { startSite } from '../helpers/scripted-site.ts';

const rules = `
content_types:
  page: { ttl: 60s, scope: public, cache_control: override }
routes:
  - { match: GET /p/*, type: page }
unmatched: standard
`;
const digests = ['content-digest', 'repr-digest', 'digest'];
const html = '<p>words, words, words</p>'.repeat(1000);

t.test('text is compressed once when stored, and sent plain to clients without gzip', async (t) => {
  const site = await startSite(rules, {
    answer: (_message, response) => {
      response.setHeader('content-type', 'text/html');
      response.setHeader('etag', '"v1"');
      for (const name of digests) response.setHeader(name, 'sha-256=:AAAA:');
      response.setHeader('content-length', html.length);
      response.end(html);
    },
  });
  t.teardown(() => site.close());
  const first = await ask(site.url, '/p/1', { 'accept-encoding': 'gzip' });
  t.equal(first.headers['vary'], 'Accept-Encoding');
  t.equal(first.body.toString(), html);
  while ([...site.proxy.services.store.entries()][0]?.coding === undefined)
    await new Promise((done) => setImmediate(done));
  t.ok(site.proxy.services.store.size().bytes < html.length / 2, 'the store holds the smaller form');

  const packed = await ask(site.url, '/p/1', { 'accept-encoding': 'br;q=0, gzip' });
  t.equal(packed.headers['content-encoding'], 'gzip');
  t.equal(packed.headers['etag'], 'W/"v1"');
  t.equal(packed.headers['content-length'], String(packed.body.length));
  t.equal(gunzipSync(packed.body).toString(), html);
  for (const name of digests) t.equal(packed.headers[name], undefined, `${name} is of other bytes`);

  for (const accepted of [undefined, 'identity', 'gzip;q=0', '*;q=0']) {
    const plain = await ask(site.url, '/p/1', accepted === undefined ? {} : { 'accept-encoding': accepted });
    t.equal(plain.headers['content-encoding'], undefined);
    t.equal(plain.headers['etag'], '"v1"');
    for (const name of digests) t.equal(plain.headers[name], 'sha-256=:AAAA:');
    t.equal(plain.body.toString(), html);
  }
  const part = await ask(site.url, '/p/1', { 'accept-encoding': 'gzip', range: 'bytes=3-7' });
  t.equal(part.status, 206);
  t.equal(part.body.toString(), 'words');
  t.equal(part.headers['content-range'], `bytes 3-7/${html.length}`);
  t.equal(part.headers['content-encoding'], undefined);
  t.equal(part.headers['content-digest'], undefined);
  for (const tag of ['W/"v1"', '"v1"']) {
    const same = await ask(site.url, '/p/1', { 'accept-encoding': 'gzip', 'if-none-match': tag });
    t.equal(same.status, 304);
  }
  t.equal(site.seen.length, 1);
});

t.test('bodies the origin compressed, images, and no-transform are not changed', async (t) => {
  const site = await startSite(rules);
  t.teardown(() => site.close());
  const kinds: Record<string, Record<string, string>> = {
    png: { 'content-type': 'image/png' },
    kept: { 'content-type': 'text/html', 'cache-control': 'no-transform' },
    coded: { 'content-type': 'text/html', 'content-encoding': 'br' },
  };
  for (const [name, headers] of Object.entries(kinds)) {
    site.answerWith((_message, response) => {
      response.writeHead(200, headers);
      response.end(html);
    });
    await ask(site.url, `/p/${name}`, {});
    const again = await ask(site.url, `/p/${name}`, { 'accept-encoding': 'gzip' });
    t.equal(again.headers['content-encoding'], headers['content-encoding']);
    t.equal(again.headers['vary'], undefined);
  }
});

function ask(url: string, path: string, headers: Record<string, string>) {
  const { port, hostname } = new URL(url);
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }>(
    (resolve, reject) => {
      request({ port, hostname, path, headers, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          });
        });
      })
        .on('error', reject)
        .end();
    },
  );
}

t.test(
  'a large body is decoded beside the event loop: answers stay in order, and those who leave hold up nobody',
  async (t) => {
    const body = randomBytes(200_000).toString('hex');
    const site = await startSite(rules, {
      answer: (_message, response) => response.setHeader('content-type', 'text/html').end(body),
    });
    t.teardown(() => site.close());
    await ask(site.url, '/p/1', {});
    while ([...site.proxy.services.store.entries()][0]?.coding === undefined)
      await new Promise((done) => setImmediate(done));
    const head = (line: string) => `GET /p/1 HTTP/1.1\r\nHost: ${new URL(site.url).host}\r\n${line}\r\n`;
    for (let count = 0; count < 10; count += 1) {
      const leaving = connect(Number(new URL(site.url).port));
      leaving.on('error', () => undefined).write(head(''), () => leaving.resetAndDestroy());
    }
    const inTurn = await answersTo(
      site.url,
      head('') +
        head('Range: bytes=0-9\r\n') +
        head('Accept-Encoding: gzip\r\n') +
        head('Connection: close\r\n'),
    );
    t.strictSame(
      inTurn.map(({ status }) => status),
      [200, 206, 200, 200],
    );
    t.equal(inTurn[0]?.body, body);
    t.equal(inTurn[1]?.body, body.slice(0, 10));
    t.equal(gunzipSync(Buffer.from(inTurn[2]?.body ?? '', 'latin1')).toString(), body);
    t.equal(inTurn[3]?.body, body);
    t.equal(site.seen.length, 1);
  },
);
