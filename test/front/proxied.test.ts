/** Connections behind a balancer that speaks the PROXY protocol: in front of plain HTTP, TLS, HTTP/2, the lane, the redirect. */

import { once } from 'node:events';
import { connect as connectH2 } from 'node:http2';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import t, { type Test } from 'tap';
import { openEntrance } from '../../src/front/entrance.ts';
import { authority } from '../helpers/certificates.ts';
import { eventually } from '../helpers/eventually.ts';
import { requestText } from '../helpers/raw-client.ts';
import { startSite } from '../helpers/scripted-site.ts';

const rules = `
content_types: { page: { ttl: 60s, scope: public } }
routes: [{ match: GET /page, type: page }]
`;
const line = (address: string): string => `PROXY TCP4 ${address} 127.0.0.1 50000 80\r\n`;
const binary = Buffer.from(
  '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0f\xc6\x33\x64\x09\x7f\0\0\x01\xc3\x50\0\x50\x04\0\0',
  'latin1',
);
/** The same from a client that came to the balancer over TLS: PP2_TYPE_SSL behind another extension. */
const overTls = Buffer.from(
  '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x17\xc6\x33\x64\x09\x7f\0\0\x01\xc3\x50\0\x50\x04\0\0\x20\0\x05\x01\0\0\0\0',
  'latin1',
);
const none = Buffer.from('\r\n\r\n\0\r\nQUIT\n\x20\0\0\0', 'latin1');
const trusted = 'trusted_proxies: [127.0.0.1/32, 10.0.0.0/8], proxy_protocol: true';

/** A site whose origin answers with the addresses and the scheme it is told. */
async function startTelling(t: Test, listen: string) {
  const site = await startSite(`listen: { ${listen} }${rules}`, {
    answer: ({ headers }, response) =>
      response.end(`for ${String(headers['x-forwarded-for'])} by ${String(headers['x-forwarded-proto'])}`),
  });
  t.teardown(() => site.close());
  return site;
}

async function connectWith(t: Test, url: string, pieces: readonly (string | Buffer)[]): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  t.teardown(() => socket.destroy());
  socket.setNoDelay(true).on('error', () => undefined);
  await once(socket, 'connect');
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return socket;
}

async function textOf(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  await once(socket, 'close');
  return text;
}

const exchange = async (t: Test, url: string, pieces: readonly (string | Buffer)[]) =>
  textOf(await connectWith(t, url, pieces));

t.test('17.5: the client is the one that the header names, with the lane and without', async (t) => {
  for (const lane of ['', ', fast_lane: false', ', h2c: true']) {
    const { url, proxy, seen } = await startTelling(t, trusted + lane);
    const own = requestText({ target: '/own' });
    const ask = (...pieces: (string | Buffer)[]) => exchange(t, url, pieces);
    t.match(await ask(line('203.0.113.7') + own), /for 203\.0\.113\.7 by http$/);
    t.match(await ask(...line('203.0.113.7'), own), /for 203\.0\.113\.7 by http$/, 'byte by byte');
    t.match(await ask(binary, own), /for 198\.51\.100\.9 by http$/);
    t.match(await ask(Buffer.concat([binary, Buffer.from(own)])), /for 198\.51\.100\.9 by http$/);
    const forged = requestText({
      target: '/own',
      lines: ['X-Forwarded-For: 192.0.2.1', 'X-Forwarded-Proto: https'],
    });
    t.match(
      await ask(line('203.0.113.7'), forged),
      /for 203\.0\.113\.7 by http$/,
      'a client is not believed',
    );
    t.match(await ask('PROXY UNKNOWN\r\n', forged), /for unknown by http$/, 'nor one that is not named');
    t.match(
      await ask(line('10.1.2.3'), forged),
      /for 192\.0\.2\.1, 10\.1\.2\.3 by https$/,
      'a trusted proxy is',
    );
    t.match(await ask(none, forged), /for 192\.0\.2\.1, 127\.0\.0\.1 by https$/, 'the balancer for itself');
    const twice = line('203.0.113.7') + line('203.0.113.8') + own;
    t.match(await ask(twice), /^HTTP\/1\.1 400/, 'one header only');
    const page = requestText({ target: '/page' });
    await ask(line('203.0.113.7') + page);
    t.match(await ask(line('203.0.113.8') + page), /shelflife; hit/);
    t.match(await ask(overTls, own), /for 198\.51\.100\.9 by https$/, 'the balancer took off the TLS');
    t.match(await ask(overTls, page), /fwd=uri-miss/, 'https has a key of its own');
    t.match(await ask(overTls, page), /shelflife; hit/);
    const before = seen.length;
    for (const refused of [own, `PROXY TCP4 x y 1 2\r\n${own}`, ` ${line('203.0.113.7')}${own}`])
      t.equal(await ask(refused), '', 'no answer');
    t.equal(seen.length, before);
    const idle = await connectWith(t, url, ['PROXY TCP4 ']);
    await proxy.close();
    await eventually('a stop does not wait for a header', () => idle.destroyed || idle.readableEnded);
  }
});

t.test('17.5: TLS, HTTP/2 and the redirect come behind the header', async (t) => {
  const { certify } = await authority(t);
  const { cert, key } = await certify('site.test');
  const secure = `${trusted}, tls: { cert: ${cert}, key: ${key} }, redirect: "127.0.0.1:0"`;
  const { url, proxy } = await startTelling(t, secure);
  for (const header of [line('203.0.113.7'), binary]) {
    const name = header === binary ? /for 198\.51\.100\.9 by https$/ : /for 203\.0\.113\.7 by https$/;
    const carried = async () => {
      const socket = await connectWith(t, url, [header]);
      return { socket, rejectUnauthorized: false };
    };
    const secured = connectTls(await carried());
    secured.write(requestText({ target: '/own' }));
    t.match(await textOf(secured), name);
    t.match(await overH2(t, url, connectTls({ ...(await carried()), ALPNProtocols: ['h2'] })), name);
  }
  const redirect = proxy.redirectUrl ?? '';
  t.match(await exchange(t, redirect, [binary, requestText({})]), /^HTTP\/1\.1 308/);
  t.equal(await exchange(t, redirect, [requestText({})]), '');
  const plain = await startTelling(t, `${trusted}, h2c: true`);
  t.match(
    await overH2(t, plain.url, await connectWith(t, plain.url, [binary])),
    /for 198\.51\.100\.9 by http$/,
  );
});

async function overH2(t: Test, url: string, socket: Socket): Promise<string> {
  const client = connectH2(url, { createConnection: () => socket });
  t.teardown(() => client.destroy());
  const stream = client.request({ ':path': '/own', ':authority': 'site.test' });
  let text = '';
  stream.on('data', (chunk: Buffer) => (text += String(chunk)));
  await once(stream, 'close');
  return text;
}

t.test('17.5: whoever is not trusted, or late, is cut off and told of', async (t) => {
  const told: string[] = [];
  const open = async (block: string, silenceMs = 30_000) => {
    const entrance = await openEntrance(
      { tls: undefined, h2c: false, proxyProtocol: true, trustedProxies: [block], silenceMs },
      {
        onHandshakeFailure: () => undefined,
        onProxyRefused: (reason, peer) => told.push(`${reason} ${peer}`),
      },
    );
    const listener = entrance.createListener((socket) => socket.end(socket.remoteAddress ?? ''));
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    t.teardown(() => listener.close());
    return `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  };
  const url = await open('127.0.0.1/32');
  t.equal(await exchange(t, url, [line('203.0.113.7')]), '203.0.113.7');
  const hurried = await open('127.0.0.1/32', 30);
  t.equal(await exchange(t, hurried, ['PROXY TCP4']), '');
  t.equal(await exchange(t, hurried, ['']), '');
  t.equal(await exchange(t, hurried, [binary.subarray(0, 20)]), '');
  const left = await connectWith(t, url, ['PROXY']);
  left.end();
  await once(left, 'close');
  // A health check of HAProxy's.
  (await connectWith(t, url, [])).resetAndDestroy();
  t.equal(await exchange(t, url, ['GET']), '');
  t.equal(await exchange(t, await open('10.0.0.0/8'), [line('10.0.0.1')]), '');
  const late = 'timeout 127.0.0.1';
  t.strictSame(told, [late, late, late, 'missing 127.0.0.1', 'untrusted 127.0.0.1']);
});
