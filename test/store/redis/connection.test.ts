/** store/redis/connection.ts with real servers that require a login, and TLS. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { authority, type Authority, type CertificateFiles } from '../../helpers/certificates.ts';
import { eventually } from '../../helpers/eventually.ts';
import { redisCluster, watchedRedis } from '../../helpers/redis-groups.ts';
import { freePort, redisServer, type RedisServer } from '../../helpers/redis-server.ts';
import type { RedisServer as Place } from '../../../src/config/config.ts';
import { openConnection } from '../../../src/store/redis/connection.ts';

type Tried = { readonly isReady: boolean; readonly message: string };

/** Connects until it is ready, or the first trouble is told. */
async function tryToConnect(t: Test, place: Place): Promise<Tried> {
  let message: string | undefined;
  const client = openConnection(place, { commandTimeoutMs: 2000, onError: (told) => (message ??= told) });
  t.teardown(() => {
    client.disconnect();
  });
  await eventually('it is ready, or says why not', () => client.status === 'ready' || message !== undefined);
  if (client.status === 'ready') await client.set('{test}', '1');
  return { isReady: client.status === 'ready', message: message ?? '' };
}

const isGood = { isReady: true, message: '' };
const tlsOf = (ca?: string, client?: CertificateFiles) => ({ ca, client });

/** Options by which a server takes TLS as well, each time on another port. */
async function tlsServer(signer: Authority, names: readonly string[], more: readonly string[] = []) {
  const { cert, key } = await signer.certify(...names);
  const files = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', signer.ca];
  return async () => ['--tls-port', String(await freePort()), ...files, '--tls-auth-clients', 'no', ...more];
}

const tlsPortOf = (server: RedisServer): number => Number(server.option('--tls-port'));

t.test('a certificate must be for the server, and from a trusted authority', async (t) => {
  const [signer, stranger] = [await authority(t), await authority(t)];
  const redis = await redisServer(t, ...(await (await tlsServer(signer, ['localhost']))()));
  const port = tlsPortOf(redis);
  const reach = (host: string, ca?: string) =>
    tryToConnect(t, { kind: 'url', url: `rediss://${host}:${port}`, tls: tlsOf(ca) });
  t.strictSame(await reach('localhost', signer.ca), isGood);
  const { message, ...tried } = await reach('127.0.0.1', signer.ca);
  t.strictSame([tried.isReady, message], [false, 'the certificate is for another name']);
  for (const ca of [undefined, stranger.ca]) {
    t.match(await reach('localhost', ca), { isReady: false, message: /certificate/ });
  }
  t.match(await tryToConnect(t, { kind: 'url', url: `rediss://localhost:${port}` }), { isReady: false });
});

t.test('a server may ask for our certificate', async (t) => {
  const signer = await authority(t);
  const options = await tlsServer(signer, ['127.0.0.1'], ['--tls-auth-clients', 'yes']);
  const redis = await redisServer(t, ...(await options()));
  const url = `rediss://127.0.0.1:${tlsPortOf(redis)}`;
  const own = await signer.certify('shelflife');
  t.strictSame(await tryToConnect(t, { kind: 'url', url, tls: tlsOf(signer.ca, own) }), isGood);
  t.match(await tryToConnect(t, { kind: 'url', url, tls: tlsOf(signer.ca) }), { isReady: false });
});

t.test('unusable files are an error at the start that names the key', async (t) => {
  const bad = join(t.testdir(), 'bad.pem');
  const open = (ca: string) => () =>
    openConnection(
      { kind: 'url', url: 'rediss://127.0.0.1:1', tls: tlsOf(ca) },
      { commandTimeoutMs: 1, onError: () => undefined },
    );
  t.throws(open(bad), { message: `store.redis.tls.ca: cannot read ${bad} (ENOENT)` });
  await writeFile(bad, '-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n');
  t.throws(open(bad), { message: /PEM/ });
});

t.test('a Cluster: user and password, TLS, certificates for names', async (t) => {
  const signer = await authority(t);
  const named = [
    '--cluster-announce-hostname',
    'localhost',
    '--cluster-preferred-endpoint-type',
    'hostname',
    '--tls-cluster',
    'yes',
  ];
  const nodes = await redisCluster(t, { options: await tlsServer(signer, ['localhost'], named) });
  for (const { client } of nodes) {
    await client.call('ACL', 'SETUSER', 'me', 'on', '>secret', '~*', '+@all');
    await client.call('ACL', 'SETUSER', 'default', '-@all', '+config', '+acl', '+ping');
  }
  const place = (password: string, ca?: string): Place => ({
    kind: 'cluster',
    nodes: [{ host: 'localhost', port: nodes[0] ? tlsPortOf(nodes[0]) : 0 }],
    login: { username: 'me', password },
    tls: tlsOf(ca),
  });
  t.strictSame(await tryToConnect(t, place('secret', signer.ca)), isGood);
  t.match(await tryToConnect(t, place('other', signer.ca)), { isReady: false, message: /WRONGPASS/ });
  t.match(await tryToConnect(t, place('secret')), { isReady: false }, 'nobody trusted has signed it');
});

t.test('Sentinels: their own user and password, TLS to them and to the master', async (t) => {
  const signer = await authority(t);
  const options = await tlsServer(signer, ['127.0.0.1'], ['--tls-replication', 'yes']);
  const { master, sentinel } = await watchedRedis(t, { options, port: tlsPortOf });
  await master.client.call('ACL', 'SETUSER', 'me', 'on', '>secret', '~*', '+@all');
  await sentinel.client.call('ACL', 'SETUSER', 'you', 'on', '>hush', '+@all');
  const place = (sentinelPassword: string, password: string, ca?: string): Place => ({
    kind: 'sentinels',
    sentinels: [{ host: '127.0.0.1', port: tlsPortOf(sentinel) }],
    name: 'main',
    login: { username: 'me', password },
    sentinelLogin: { username: 'you', password: sentinelPassword },
    tls: tlsOf(ca),
  });
  t.strictSame(await tryToConnect(t, place('hush', 'secret', signer.ca)), isGood);
  t.match(await master.client.client('LIST'), /user=me/);
  for (const wrong of [place('other', 'secret', signer.ca), place('hush', 'other', signer.ca)]) {
    t.match(await tryToConnect(t, wrong), { isReady: false, message: /WRONGPASS/ });
  }
  t.match(await tryToConnect(t, place('hush', 'secret')), { isReady: false }, 'nobody trusted has signed it');
});

t.test('reported errors contain no address and no password', async (t) => {
  const redis = await redisServer(t, '--requirepass', 'hush');
  const places: Place[] = [
    { kind: 'url', url: `redis://me:other-password@127.0.0.1:${redis.port}` },
    { kind: 'url', url: 'redis://me:other-password@no-such-host.invalid:6379' },
    { kind: 'url', url: `redis://127.0.0.1:${await freePort()}` },
    { kind: 'cluster', nodes: [{ host: '127.0.0.1', port: await freePort() }] },
    { kind: 'sentinels', sentinels: [{ host: 'no-such-host.invalid', port: 1 }], name: 'main' },
    { kind: 'cluster', nodes: [{ host: 'no-such-host.invalid', port: 1 }] },
  ];
  for (const place of places) {
    const { isReady, message } = await tryToConnect(t, place);
    t.notOk(isReady);
    t.notMatch(message, /127\.0|no-such|hush|other-password|\d{4}/);
  }
});
