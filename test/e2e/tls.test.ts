/** TLS to clients, with curl and Node as clients. */

import { execFile } from 'node:child_process';
import { copyFileSync, renameSync } from 'node:fs';
import { once } from 'node:events';
import { connect as connectH2 } from 'node:http2';
import { request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { connect } from 'node:tls';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { watchCertificates } from '../../src/cli/watch-certificates.ts';
import { authority } from '../helpers/certificates.ts';
import { eventually } from '../helpers/eventually.ts';
import { barrier, startSite } from '../helpers/scripted-site.ts';
import { stopwatch } from '../helpers/stopwatch.ts';

const run = promisify(execFile);
const rules = `
content_types: { page: { ttl: 60s, scope: public } }
routes: [{ match: GET /page, type: page }, { match: GET /.well-known/*, type: page }]
`;

/** A proxy with TLS, in front of an origin that says what it was told. */
async function startSecure(t: Test) {
  const { ca, certify } = await authority(t);
  const files = await certify('site.test', '127.0.0.1');
  const site = await startSite(
    `listen: { tls: { cert: ${files.cert}, key: ${files.key} }, redirect: "127.0.0.1:0" }${rules}`,
    {
      answer: ({ headers, url = '' }, response) =>
        response.end(`${url} ${String(headers['x-forwarded-proto'])} ${String(headers['forwarded'])}`),
    },
  );
  t.teardown(() => site.close());
  const port = new URL(site.url).port;
  const curl = async (path: string, ...options: string[]) => {
    const target = /^https?:/.test(path) ? path : `https://site.test:${port}${path}`;
    const resolve = [`site.test:${port}:127.0.0.1`, '--cacert', ca];
    const { stdout } = await run('curl', [
      '-sS',
      '-i',
      '--http1.1',
      '--resolve',
      ...resolve,
      ...options,
      target,
    ]);
    return stdout;
  };
  return { ...site, port, ca, certify, files, curl };
}

t.test('curl over TLS: misses, hits, writes; the origin is told https', async (t) => {
  const { curl, url } = await startSecure(t);
  t.match(url, /^https:/);
  t.match(await curl('/page'), /^HTTP\/1\.1 200 OK\r\n[^]*stored[^]*\/page https undefined$/);
  t.match(
    await curl('/page', '-H', 'Forwarded: proto=http', '-H', 'X-Forwarded-Proto: http'),
    /shelflife; hit/,
  );
  t.match(await curl('/write', '-d', 'x=1', '-H', 'Forwarded: proto=http'), /\/write https undefined$/);
  t.match(await curl('/page', '--tls-max', '1.2', '--tlsv1.2'), /shelflife; hit/);
  await t.rejects(curl('/page', '--tls-max', '1.1'), /curl/);
});

t.test('plain HTTP is redirected, and only the proof for a certificate authority is passed', async (t) => {
  const { curl, proxy, port, seen } = await startSecure(t);
  const plain = proxy.redirectUrl ?? '';
  const at = async (path: string, ...options: string[]) => curl(plain + path, '--path-as-is', ...options);
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    [`https://127.0.0.1:${port}/a?b=c`, '/a?b=c', []],
    ['https://www.site.test/page', '/page', ['-H', 'Host: www.site.test']],
    ['https://www.site.test/page', '/page', ['-H', 'Host: WWW.site.test', '-d', 'x']],
    [`https://[::1]:${port}/`, '/', ['-H', 'Host: [::1]:80 80'.replace(' 80', '80')]],
    [`https://127.0.0.1:${port}/.well-known/acme-challenge`, '/.well-known/acme-challenge', []],
    [`https://127.0.0.1:${port}/.well-known/secret`, '/.well-known/acme-challenge/../secret', []],
  ];
  for (const [location, path, options] of cases) {
    const answer = await at(path, ...options);
    t.match(answer, 'HTTP/1.1 308 Permanent Redirect', path);
    t.match(answer, `\r\nLocation: ${location}\r\n`);
    t.match(answer, 'shelflife; fwd=bypass; detail=redirect');
  }
  t.match(await at('/', '-H', 'Host: a b'), 'HTTP/1.1 400');
  t.match(await at('/.well-known/acme-challenge/x', '-d', 'y'), 'HTTP/1.1 308');
  t.match(await at('/', '-I'), /^HTTP\/1\.1 308[^]*\r\n\r\n$/);
  t.strictSame(seen, []);
  for (let count = 0; count < 2; count += 1)
    t.match(
      await at('/.well-known/acme-challenge/token'),
      /^HTTP\/1\.1 200[^]*detail=acme-challenge[^]*challenge\/token http undefined$/,
    );
  t.equal(seen.length, 2, 'never stored');
});

t.test('what is stored over https is not given over plain HTTP', async (t) => {
  const { curl, proxy } = await startSecure(t);
  await curl('/.well-known/acme-challenge/x');
  t.match(await curl('/.well-known/acme-challenge/x'), /shelflife; hit/);
  t.match(await curl(`${proxy.redirectUrl ?? ''}/.well-known/acme-challenge/x`), /acme-challenge/);
});

t.test(
  'a stop ends connections whose handshake is under way, and answers those that are secure',
  async (t) => {
    const site = await startSecure(t);
    const { port, proxy } = site;
    const [asked, answered] = [barrier(), barrier()];
    site.answerWith((_request, response) => {
      asked.arrive();
      void answered.reached.then(() => response.end('late'));
    });
    const options = { port: Number(port), host: '127.0.0.1', rejectUnauthorized: false };
    const answer = new Promise<string>((resolve, reject) => {
      const sent = request(options, (response) => {
        response.on('data', (chunk: Buffer) => {
          resolve(String(chunk));
        });
      });
      sent.on('error', reject).end();
    });
    const idle = connectTcp(options);
    t.teardown(() => idle.destroy());
    idle.on('error', () => undefined).resume();
    await asked.reached;
    const tookMs = stopwatch();
    const closed = proxy.close();
    answered.arrive();
    t.equal(await answer, 'late');
    await closed;
    t.ok(tookMs() < 4000);
    await eventually('the other has ended', () => idle.destroyed);
  },
);

t.test('a certificate that is renewed while serving is taken up; a half-written pair is not', async (t) => {
  const { proxy, port, files, certify } = await startSecure(t);
  const after = await certify('after.test');
  let renewals = 0;
  const tls = proxy.services.site().config.listen.tls;
  if (tls === undefined) throw new Error('no tls');
  const onChange = () => void proxy.renewCertificates().then(() => (renewals += 1));
  const stop = await watchCertificates(tls, onChange, 10);
  t.teardown(stop);
  const name = () =>
    new Promise<string | undefined>((resolve, reject) => {
      const options = { port: Number(port), host: '127.0.0.1', rejectUnauthorized: false };
      const socket = connect(options, () => {
        resolve(socket.getPeerCertificate().subjectaltname);
        socket.destroy();
      });
      socket.on('error', reject);
    });
  const before = await name();
  t.match(before, /DNS:site\.test/);
  copyFileSync(after.cert, `${files.cert}.new`);
  renameSync(`${files.cert}.new`, files.cert);
  await eventually('half of it is read', () => renewals === 1);
  t.equal(await name(), before);
  copyFileSync(after.key, files.key);
  await eventually('all of it is read', () => renewals === 2);
  t.equal(await name(), 'DNS:after.test');
});

t.test('17.2: a renewal ends no stream: 100 of hits and misses on one connection', async (t) => {
  const site = await startSecure(t);
  const { proxy, port, files, certify, curl } = site;
  await curl('/page');
  const [missed, renewed] = [barrier(), barrier()];
  let asked = 0;
  site.answerWith(({ url = '' }, response) => {
    asked += 1;
    if (asked === 50) missed.arrive();
    void renewed.reached.then(() => response.end(`${url} late`));
  });
  const client = connectH2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  t.teardown(() => {
    client.destroy();
  });
  const ask = async (path: string): Promise<string> =>
    text(client.request({ ':path': path, ':authority': `site.test:${port}` }));
  const hits = Array.from({ length: 50 }, () => ask('/page'));
  const misses = Array.from({ length: 50 }, (_, index) => ask(`/missed/${index}`));
  await missed.reached;
  const after = await certify('after.test');
  for (const name of ['cert', 'key'] as const) copyFileSync(after[name], files[name]);
  await proxy.renewCertificates();
  const other = connect({ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false });
  t.teardown(() => other.destroy());
  await once(other, 'secureConnect');
  t.equal(other.getPeerCertificate().subjectaltname, 'DNS:after.test');
  renewed.arrive();
  t.strictSame(new Set(await Promise.all(hits)), new Set(['/page https undefined']));
  t.strictSame(
    await Promise.all(misses),
    misses.map((_, index) => `/missed/${index} late`),
  );
  t.match(await ask('/page'), /^\/page https/, 'the connection is still good');
});

t.test('pipelined hits over TLS are whole and in order, however slowly they are read', async (t) => {
  const site = await startSecure(t);
  const names = ['a', 'b', 'c'];
  site.answerWith(({ url = '' }, response) => response.end(url.slice(-1).repeat(20_000)));
  for (const name of names) await site.curl(`/.well-known/${name}`);
  const socket = connect({ port: Number(site.port), host: '127.0.0.1', rejectUnauthorized: false });
  t.teardown(() => socket.destroy());
  await once(socket, 'secureConnect');
  const asked = Array.from({ length: 120 }, (_, index) => names[index % 3] ?? '');
  const head = (name: string) => `GET /.well-known/${name} HTTP/1.1\r\nHost: site.test:${site.port}\r\n`;
  socket.end(asked.map((name) => `${head(name)}\r\n`).join(''));
  // The server fills what the socket takes, and more.
  await new Promise((resolve) => setImmediate(resolve));
  const answers = (await text(socket)).split('HTTP/1.1 200 OK\r\n').slice(1);
  t.equal(answers.filter((answer) => answer.includes('shelflife; hit')).length, asked.length);
  t.strictSame(
    answers.map((answer) => answer.slice(answer.indexOf('\r\n\r\n') + 4)),
    asked.map((name) => name.repeat(20_000)),
  );
});
