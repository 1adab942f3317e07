/** An https upstream: the server name, the certificate check, and how TLS failures are reported. */

import { createServer as createPlainServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { createServer } from 'node:https';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TlsOptions } from 'node:tls';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import t, { type Test } from 'tap';
import { fileOf, run } from '../cli/command.ts';
import { loadConfig } from '../../src/cli/load-config.ts';
import { renderProblem } from '../../src/config/reader/problem.ts';
import { authority, type CertificateFiles } from '../helpers/certificates.ts';
import { closeProxy } from '../helpers/close-proxy.ts';
import { startProxy } from '../helpers/scripted-site.ts';
import type { Outcome } from '../../src/proxy/exchange/outcome.ts';

const rules = `
content_types: { page: { ttl: 60s, scope: public } }
routes: [{ match: GET /page, type: page }, { match: GET /passed, type: pass }]
`;

async function listenOn(t: Test, server: Server, host = '127.0.0.1'): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  t.teardown(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

/** An origin that says what name it was asked for, whom it sees, and what Host came with it. */
async function startOrigin(t: Test, files: CertificateFiles, options: TlsOptions & { host?: string } = {}) {
  const names: (string | false)[] = [];
  let connections = 0;
  const server = createServer(
    { ...options, cert: readFileSync(files.cert), key: readFileSync(files.key) },
    (request, response) => {
      names.push((request.socket as unknown as { readonly servername: string | false }).servername);
      response.end(`host ${request.headers.host ?? ''}`);
    },
  );
  server.on('connection', () => (connections += 1));
  const port = await listenOn(t, server, options.host);
  return { port, names, connections: () => connections };
}

async function proxyTo(t: Test, url: string, upstream = '') {
  const outcomes: Outcome[] = [];
  const proxy = await startProxy(`upstream: { url: "${url}"${upstream} }${rules}`, {
    outcomes,
    control: 'on',
  });
  t.teardown(() => closeProxy(proxy));
  const ask = (path: string, init: Asked = {}) => asHost(`${proxy.url}${path}`, init);
  const ready = async () => {
    const response = await fetch(`${proxy.controlUrl ?? ''}/readyz`);
    return { status: response.status, text: await response.text() };
  };
  return { proxy, outcomes, ask, ready };
}

type Asked = { method?: string; host?: string; body?: string | undefined };

/** `fetch` does not let us choose Host. */
async function asHost(
  url: string,
  { method = 'GET', host = 'www.attacker.example', body }: Asked,
): Promise<{ status: number; headers: Record<string, unknown>; text: string }> {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers: { host } }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

const roads = [
  ['/page', 'GET'],
  ['/passed', 'GET'],
  ['/written', 'POST'],
] as const;

t.test(
  '13.2: server name and certificate check use the URL, whatever Host says, on one pool of connections',
  async (t) => {
    const { ca, certify } = await authority(t);
    const origin = await startOrigin(t, await certify('localhost'));
    const { ask, ready } = await proxyTo(t, `https://localhost:${origin.port}`, `, tls: { ca: ${ca} }`);
    t.strictSame(await ready(), { status: 200, text: '{"redis":"none","origin":"up","breaker":"closed"}' });
    const before = origin.connections();
    for (const host of ['www.attacker.example', 'b.example', '10.0.0.1', 'localhost']) {
      for (const [path, method] of roads) {
        const answer = await ask(path, { method, host });
        t.equal(answer.status, 200, `${method} ${path} for ${host}`);
        t.equal(answer.text, `host ${host}`);
      }
    }
    t.strictSame([...new Set(origin.names)], ['localhost']);
    t.equal(origin.connections() - before, 1, 'a connection is used again, whatever the next Host is');
  },
);

t.test('13.2: a certificate for the client’s Host is not accepted', async (t) => {
  const { ca, certify } = await authority(t);
  const origin = await startOrigin(t, await certify('www.attacker.example'));
  const { ask, ready, outcomes } = await proxyTo(
    t,
    `https://localhost:${origin.port}`,
    `, tls: { ca: ${ca} }`,
  );
  for (const [path, method] of roads) {
    const answer = await ask(path, { method });
    t.equal(answer.status, 502, `${method} ${path}`);
    t.equal(answer.headers['proxy-status'], 'shelflife; error=tls_certificate_error');
    t.notMatch(answer.text, /localhost|127\.|attacker/);
  }
  t.strictSame(
    outcomes.map(({ kind, failure }) => [kind, failure]),
    roads.map(() => ['failed', 'tls-certificate']),
  );
  t.strictSame(origin.names, [], 'nothing was sent');
  t.strictSame(await ready(), { status: 503, text: '{"redis":"none","origin":"down","breaker":"closed"}' });
});

t.test('13.2: an unknown authority, and a server without TLS, are refused', async (t) => {
  const { certify } = await authority(t);
  const origin = await startOrigin(t, await certify('localhost'));
  const unknown = await proxyTo(t, `https://localhost:${origin.port}`);
  const plain = await listenOn(
    t,
    createPlainServer((socket) => {
      socket.on('error', () => undefined).resume();
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    }),
  );
  const closing = await listenOn(
    t,
    createPlainServer((socket) => socket.destroy()),
  );
  const spoken = await proxyTo(t, `https://localhost:${plain}`);
  const closed = await proxyTo(t, `https://localhost:${closing}`);
  for (const [site, error] of [
    [unknown, 'tls_certificate_error'],
    [spoken, 'tls_protocol_error'],
    [closed, 'tls_protocol_error'],
  ] as const) {
    for (const [path, method] of roads) {
      const answer = await site.ask(path, { method, body: method === 'POST' ? 'x' : undefined });
      t.equal(answer.status, 502);
      t.equal(answer.headers['proxy-status'], `shelflife; error=${error}`, `${method} ${path}`);
    }
    t.equal((await site.ready()).status, 503, error);
  }
});

t.test(
  '13.2: server_name replaces the host of the URL; reject_unauthorized: false accepts all',
  async (t) => {
    const { ca, certify } = await authority(t);
    const origin = await startOrigin(t, await certify('app.internal'));
    const url = `https://127.0.0.1:${origin.port}`;
    const named = await proxyTo(t, url, `, tls: { ca: ${ca}, server_name: App.Internal }`);
    for (const [path, method] of roads) t.equal((await named.ask(path, { method })).status, 200);
    t.strictSame([...new Set(origin.names)], ['app.internal']);
    const lax = await proxyTo(t, url, ', tls: { reject_unauthorized: false }');
    for (const [path, method] of roads) t.equal((await lax.ask(path, { method })).status, 200);
    t.equal((await lax.ready()).status, 200);
    const strict = await proxyTo(t, url, `, tls: { ca: ${ca} }`);
    t.equal((await strict.ask('/page')).headers['proxy-status'], 'shelflife; error=tls_certificate_error');
  },
);

t.test('13.2: an address in the URL is checked as an address, and no server name is sent', async (t) => {
  const { ca, certify } = await authority(t);
  for (const host of ['127.0.0.1', '::1']) {
    const origin = await startOrigin(t, await certify(host), { host });
    const url = `https://${host.includes(':') ? `[${host}]` : host}:${origin.port}`;
    for (const upstream of ['', ', host: upstream']) {
      const { ask, ready } = await proxyTo(t, url, `${upstream}, tls: { ca: ${ca} }`);
      for (const [path, method] of roads)
        t.equal((await ask(path, { method })).status, 200, `${url} ${path}`);
      t.equal((await ready()).status, 200);
    }
    t.strictSame([...new Set(origin.names)], [false]);
  }
});

t.test('13.2: our own certificate is sent if the origin asks for one', async (t) => {
  const { ca, certify } = await authority(t);
  const own = await certify('shelflife');
  const asking = { ca: readFileSync(ca), requestCert: true, rejectUnauthorized: true };
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const origin = await startOrigin(t, await certify('localhost'), { ...asking, maxVersion });
    const url = `https://localhost:${origin.port}`;
    const known = await proxyTo(t, url, `, tls: { ca: ${ca}, cert: ${own.cert}, key: ${own.key} }`);
    for (const [path, method] of roads) t.equal((await known.ask(path, { method })).status, 200);
    origin.names.length = 0;
    const unknown = await proxyTo(t, url, `, tls: { ca: ${ca} }`);
    for (const [path, method] of roads) {
      const answer = await unknown.ask(path, { method });
      // In TLS 1.3 the handshake is over for us when the other side judges us: an alert comes, or only the end.
      const error =
        maxVersion === 'TLSv1.2' ? /tls_protocol_error/ : /tls_protocol_error|connection_terminated/;
      t.match(answer.headers['proxy-status'], error, `${maxVersion} ${path}`);
    }
    t.equal((await known.ready()).status, 200, maxVersion);
    t.equal((await unknown.ready()).status, 503, maxVersion);
    t.strictSame(origin.names, []);
  }
});

t.test('13.2: check names files that are missing or do not match, with their place', async (t) => {
  const { ca, certify } = await authority(t);
  const [one, other] = [await certify('a.example'), await certify('b.example')];
  const folder = await mkdtemp(join(tmpdir(), 'shelflife-pem-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const empty = join(folder, 'empty.pem');
  await writeFile(empty, '');
  const pointed = async (tls: string): Promise<string> => {
    const file = fileOf(t, `upstream:\n  url: https://app.example\n  tls:\n${tls.replace(/^/gm, '    ')}\n`);
    const loaded = await loadConfig({ file, env: {} });
    if (loaded.kind === 'unreadable') return loaded.message;
    const [first] = loaded.kind === 'ok' ? loaded.warnings : loaded.problems;
    return `${loaded.kind} ${first === undefined ? '' : renderProblem(first).replace(file, '')}`;
  };
  t.match(await pointed(`ca: ${ca}\ncert: ${one.cert}\nkey: ${one.key}`), /^ok $/);
  t.match(
    await pointed('ca: nowhere.pem'),
    /^problems :4:9 bad-file .*nowhere\.pem cannot be read: no such file/,
  );
  t.match(await pointed(`ca: ${empty}`), /^problems :4:9 bad-file .*no certificate/);
  t.match(await pointed(`ca: ${one.key}`), /^problems :4:9 bad-file .*no certificate/);
  t.match(await pointed(`cert: ${one.cert}\nkey: ${other.key}`), /^problems :5:10 bad-file .*not the key/);
  t.match(await pointed(`cert: ${one.cert}\nkey: ${one.cert}`), /^problems :5:10 bad-file .*no private key/);
  t.match(await pointed(`cert: ${one.cert}`), /^problems :4:11 missing-key/);
  t.match(await pointed('server_name: 10.0.0.1'), /^problems :4:18 bad-name/);
  t.match(await pointed(`ca: ${ca}\nreject_unauthorized: false`), /^problems :4:9 conflicting-keys/);
  t.match(await pointed('reject_unauthorized: false'), /^ok :4:26 unverified-upstream/);
  const file = fileOf(t, `upstream: { url: "http://app.example", tls: { ca: ${ca} } }\n`);
  const { code, stderr } = await run(['check', file]);
  t.equal(code, 1);
  t.match(stderr, `${file}:1:45 conflicting-keys`);
});
