/** TLS in front of HTTP, with real handshakes on real sockets. */

import { copyFileSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import t, { type Test } from 'tap';
import type { ListenTls } from '../../src/config/config.ts';
import { openTlsFront, type TlsBounds, tlsBounds } from '../../src/front/tls-front.ts';
import { authority, type CertificateFiles } from '../helpers/certificates.ts';
import { eventually } from '../helpers/eventually.ts';

const named = (files: CertificateFiles, serverName?: string) => ({ ...files, serverName });
const tlsFor = (...certificates: ListenTls['certificates']): ListenTls => ({
  certificates,
  ca: undefined,
  minVersion: '1.2',
  ciphers: undefined,
});

/** A front that greets with the protocol agreed on, and echoes. */
async function openFront(t: Test, tls: ListenTls, bounds: Partial<TlsBounds> = {}) {
  const failures: string[] = [];
  const carriers: Socket[] = [];
  const front = await openTlsFront({
    tls,
    protocols: ['h2', 'http/1.1'],
    bounds: { ...tlsBounds, ...bounds },
    onFailure: (reason) => failures.push(reason),
  });
  const listener = createServer({ allowHalfOpen: true }, (carrier) => {
    front.take(carrier, (secure) => {
      carriers.push(carrier);
      secure.on('error', () => undefined);
      secure.pipe(secure);
    });
  });
  const sockets = new Set<Socket>();
  listener.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    front.close();
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  const { port } = listener.address() as AddressInfo;
  return { front, port, failures, carriers, sockets };
}

type Told = { readonly error: string | undefined; readonly socket: TLSSocket };

/** Connects, and resolves when the server has said something or the connection has ended. */
async function meet(t: Test, port: number, options: ConnectionOptions = {}): Promise<Told> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  t.teardown(() => socket.destroy());
  let error: string | undefined;
  socket.on('error', (problem: NodeJS.ErrnoException) => (error = problem.code));
  socket.write('hello');
  await Promise.race([
    once(socket, 'data').catch(() => undefined),
    once(socket, 'close').catch(() => undefined),
  ]);
  return { error, socket };
}

const names = ({ socket }: Told): string | undefined => socket.getPeerCertificate().subjectaltname;

t.test('a client gets the certificate for the server name, or the first', async (t) => {
  const { certify } = await authority(t);
  const [one, two, three] = [
    await certify('one.test'),
    await certify('two.test', '*.two.test'),
    await certify('a.three.test', 'b.three.test'),
  ];
  const { port, carriers, failures } = await openFront(
    t,
    tlsFor(named(one), named(two), named(three, '*.three.test')),
  );
  const cases: readonly (readonly [string | undefined, string])[] = [
    [undefined, 'DNS:one.test'],
    ['one.test', 'DNS:one.test'],
    ['TWO.test', 'DNS:two.test, DNS:*.two.test'],
    ['www.two.test', 'DNS:two.test, DNS:*.two.test'],
    ['a.b.two.test', 'DNS:one.test'],
    ['c.three.test', 'DNS:a.three.test, DNS:b.three.test'],
    ['three.test', 'DNS:one.test'],
    ['unknown.test', 'DNS:one.test'],
  ];
  for (const [servername, expected] of cases)
    t.equal(names(await meet(t, port, servername === undefined ? {} : { servername })), expected);
  t.equal(carriers.length, cases.length);
  t.ok(carriers.every(({ remoteAddress }) => remoteAddress === '127.0.0.1'));
  t.strictSame(failures, []);
});

t.test('new certificates hold for new connections and end none; a bad pair changes nothing', async (t) => {
  const { certify } = await authority(t);
  const [before, after] = [await certify('before.test'), await certify('after.test')];
  const tls = tlsFor(named(before));
  const { front, port } = await openFront(t, tls);
  const first = await meet(t, port);
  copyFileSync(after.cert, before.cert);
  t.match(await front.replace(tls), { kind: 'refused', reason: /not the key of the certificate/ });
  t.equal(names(await meet(t, port)), 'DNS:before.test');
  copyFileSync(after.key, before.key);
  t.strictSame(await front.replace(tls), { kind: 'replaced' });
  t.equal(names(await meet(t, port)), 'DNS:after.test');
  t.equal(names(await meet(t, port, { servername: 'before.test' })), 'DNS:after.test');
  first.socket.write('still here');
  t.equal(String((await once(first.socket, 'data'))[0]), 'still here');
  t.match(await front.replace(tlsFor(named({ ...after, key: '/nowhere.pem' }))), {
    kind: 'refused',
    reason: /ENOENT/,
  });
  t.match(await front.replace({ ...tls, ciphers: 'NONE' }), { kind: 'refused', reason: /cipher/ });
  t.equal(names(await meet(t, port)), 'DNS:after.test');
  await t.rejects(openFront(t, tlsFor(named({ cert: after.cert, key: after.cert }))), /listen\.tls/);
});

t.test('a session is resumed by its ticket, and not after the ticket key has been replaced', async (t) => {
  const { certify } = await authority(t);
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const files = named(await certify('localhost'));
    const { front, port } = await openFront(t, tlsFor(files));
    const ticket = async (): Promise<Buffer> => {
      const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, maxVersion });
      t.teardown(() => socket.destroy());
      return ((await once(socket, 'session')) as [Buffer])[0];
    };
    const resumes = async (session: Buffer) =>
      (await meet(t, port, { session, maxVersion })).socket.isSessionReused();
    const session = await ticket();
    t.ok(await resumes(session), maxVersion);
    await front.replace(tlsFor(files));
    t.ok(await resumes(session), 'the same files, read again');
    await front.replace(tlsFor(named(await certify('localhost'))));
    t.notOk(await resumes(session), maxVersion);
    t.ok(await resumes(await ticket()), maxVersion);
  }
  const { port } = await openFront(t, tlsFor(named(await certify('localhost'))), { ticketKeyMs: 20 });
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  t.teardown(() => socket.destroy());
  const [session] = (await once(socket, 'session')) as [Buffer];
  await eventually(
    'the key is replaced',
    async () => !(await meet(t, port, { session })).socket.isSessionReused(),
  );
});

const plain = (text: string | undefined) => (port: number) => {
  const socket = connectTcp(port, '127.0.0.1');
  socket.on('error', () => undefined);
  if (text !== undefined) socket.write(text);
  return Promise.resolve(socket);
};
const secure = (options: ConnectionOptions) => async (port: number) => {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  await once(socket, 'close').catch(() => undefined);
  return socket;
};
const leaving = async (port: number): Promise<Socket> => {
  const socket = await plain('\x16\x03')(port);
  await once(socket, 'connect');
  socket.resetAndDestroy();
  return socket;
};

const failing: readonly (readonly [string, string, (port: number) => Promise<Socket>])[] = [
  ['plain HTTP', 'plain-http', plain('GET / HTTP/1.1\r\n\r\n')],
  ['other bytes', 'protocol', plain('\x16\x03\x01\x00\x05hello')],
  ['silence', 'timeout', plain(undefined)],
  ['a client that leaves', 'gone', leaving],
  ['TLS 1.1', 'version', secure({ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' })],
  ['weak ciphers only', 'cipher', secure({ maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' })],
  ['another protocol', 'application-protocol', secure({ ALPNProtocols: ['acme-tls/1'] })],
];
for (const [what, reason, attempt] of failing) {
  t.test(`a failed handshake is told once, and its connection ends: ${what}`, async (t) => {
    const { certify } = await authority(t);
    const { port, failures, sockets } = await openFront(t, tlsFor(named(await certify('localhost'))), {
      handshakeMs: 100,
    });
    const socket = await attempt(port);
    t.teardown(() => socket.destroy());
    await eventually(
      'it is over',
      () => failures.length > 0 && [...sockets].every(({ destroyed }) => destroyed),
    );
    t.strictSame(failures, [reason]);
  });
}

t.test('where too many handshakes are under way, the one that has waited longest ends', async (t) => {
  const { certify } = await authority(t);
  const { port, failures } = await openFront(t, tlsFor(named(await certify('localhost'))), { handshakes: 2 });
  const idle = await Promise.all([plain('')(port), plain('')(port), plain('')(port)]);
  t.teardown(() => idle.forEach((socket) => socket.destroy()));
  await eventually('one has ended', () => failures.length > 0);
  t.equal((await meet(t, port)).error, undefined);
  await eventually('another has ended', () => idle.filter(({ destroyed }) => destroyed).length === 2);
  t.strictSame(failures, ['crowded-out', 'crowded-out']);
});

t.test('with `ca` a client needs a certificate of that authority', async (t) => {
  const [ours, theirs] = [await authority(t), await authority(t)];
  const tls = { ...tlsFor(named(await ours.certify('localhost'))), ca: ours.ca };
  const { port, failures } = await openFront(t, tls);
  const clientOf = (files: CertificateFiles) => ({
    cert: readFileSync(files.cert),
    key: readFileSync(files.key),
  });
  const good = await meet(t, port, clientOf(await ours.certify('client')));
  t.equal(good.error, undefined);
  t.notOk(good.socket.destroyed);
  for (const options of [{}, clientOf(await theirs.certify('client'))]) {
    const { socket } = await meet(t, port, options);
    await eventually('it is refused', () => socket.destroyed);
  }
  t.strictSame(failures, ['client-certificate', 'client-certificate']);
});
