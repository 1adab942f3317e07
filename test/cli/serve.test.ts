/**
 * `serve`: a proxy from its start to its end.
 */
import { authority } from '../helpers/certificates.ts';
import t from 'tap';
import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { request, type ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { fileOf, run, runProcess, serve, startOrigin, token } from './command.ts';

const authorization = `Bearer ${token}`;

t.test('says where it listens, serves, and ends with 0 on either signal', async (t) => {
  const upstream = await startOrigin(t);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const { site, control, stop } = await serve(t, ['--upstream', upstream]);
    t.match((await fetch(`${site}/a`)).headers.get('cache-status'), 'uri-miss; stored');
    t.match((await fetch(`${site}/a`)).headers.get('cache-status'), 'hit');
    t.equal((await fetch(`${control}/healthz`)).status, 200);
    t.equal((await fetch(`${control}/entries?url=/a`, { headers: { authorization } })).status, 200);
    t.equal(await stop(signal), 0, signal);
  }
});

t.test('requests in flight are finished when it is stopped', async (t) => {
  let held: ServerResponse | undefined;
  let arrived = (): void => undefined;
  const inFlight = new Promise<void>((resolve) => (arrived = resolve));
  const upstream = await startOrigin(t, (_request, response) => {
    held = response;
    response.writeHead(200).flushHeaders();
    arrived();
  });
  const { site, stop, logged } = await serve(t, ['--upstream', upstream]);
  const sent = request(`${site}/slow`).end();
  await inFlight;
  const code = stop('SIGTERM');
  await logged('stopping');
  held?.end('all of it');
  const [response] = (await once(sent, 'response')) as [AsyncIterable<Buffer>];
  let body = '';
  for await (const chunk of response) body += chunk.toString();
  t.equal(body, 'all of it');
  t.equal(await code, 0);
});

t.test('a port in use is reported in a line that names the option', async (t) => {
  const upstream = await startOrigin(t);
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  for (const option of ['--listen', '--control']) {
    const other = option === '--listen' ? '--control' : '--listen';
    const args = ['serve', '--upstream', upstream, option, `127.0.0.1:${port}`, other, '127.0.0.1:0'];
    const { code, stderr } = await runProcess(args);
    t.equal(code, 1, option);
    t.equal(stderr, `shelflife: 127.0.0.1:${port} is in use; choose another with ${option} HOST:PORT\n`);
  }
});

t.test('a bad configuration is exit code 1, with the problems on stderr', async (t) => {
  const file = fileOf(t, 'upstream: http://h\nnonsense: 1\n');
  for (const ends of [run, runProcess])
    t.match(await ends(['serve', '-c', file]), { code: 1, stdout: '', stderr: `${file}:2:1 unknown-key` });
  t.match(await run(['serve']), { code: 1, stderr: /--upstream URL/ });
  t.match(await run(['serve', '--upstream', 'http://h', '--control', 'x']), {
    code: 1,
    stderr: /--control:1:1 bad-address/,
  });
});

t.test('17.2: check names certificate files that cannot be used, and warns of dates', async (t) => {
  const { certify, certifyFor } = await authority(t);
  const [good, old, early] = [
    await certify('a.test'),
    await certifyFor([-3, -1], 'a.test'),
    await certifyFor([1, 3], 'a.test'),
  ];
  const check = async (tls: string) => {
    const file = fileOf(t, `upstream: http://h\nlisten:\n  tls: ${tls}\n`);
    const { code, stderr } = await run(['check', file]);
    return { code, stderr: stderr.replaceAll(file, '') };
  };
  const { cert, key } = good;
  const missing = await check('{ cert: c.pem, key: k.pem }');
  t.match(missing, { code: 1, stderr: /:3:16 bad-file .*c\.pem cannot be read: no such file/ });
  t.match(missing.stderr, /:3:28 bad-file .*k\.pem cannot be read/);
  t.match(await check(`\n    cert: ${cert}\n    key: ${old.key}`), {
    code: 1,
    stderr: /:5:10 bad-file not the key of the certificate/,
  });
  t.match(await check(`\n  - { cert: ${cert}, key: ${key} }\n  - cert: ${key}\n    key: ${key}`), {
    code: 1,
    stderr: /:5:11 bad-file .*no certificate in PEM form/,
  });
  t.match(await check(`\n    server_name: b.test\n    cert: ${cert}\n    key: ${key}`), {
    code: 1,
    stderr: /:4:18 bad-file the certificate in `cert` is not for this name/,
  });
  t.match(await check(`\n    ciphers: NONE\n    cert: ${cert}\n    key: ${key}`), {
    code: 1,
    stderr: /:4:14 bad-value/,
  });
  for (const [files, words] of [
    [old, /:4:11 outdated-certificate the certificate expired on 20\d\d-/],
    [early, /:4:11 outdated-certificate the certificate is not valid before 20\d\d-/],
  ] as const)
    t.match(await check(`\n    cert: ${files.cert}\n    key: ${files.key}`), { code: 0, stderr: words });
  t.strictSame(await check(`\n    cert: ${cert}\n    key: ${key}\n    server_name: a.test`), {
    code: 0,
    stderr: '',
  });
});

const rulesFor = (upstream: string, ttl: string): string =>
  `upstream: ${upstream}\nttl: { jitter: 0 }\ncontent_types: { page: { scope: public, ttl: ${ttl}, cache_control: override } }\n` +
  'routes: [{ match: GET /p, type: page }]\n';

t.test(
  'SIGHUP and a replaced file reload; a bad file keeps the previous rules and prints its problems',
  async (t) => {
    const upstream = await startOrigin(t);
    const file = fileOf(t, rulesFor(upstream, '60s'));
    const { site, process: child, logged, stderr } = await serve(t, ['-c', file]);
    const lifetime = async (): Promise<string | undefined> => {
      await fetch(`${site}/p`);
      return /ttl=(\d+)/.exec((await fetch(`${site}/p`)).headers.get('cache-status') ?? '')?.[1];
    };
    t.match(await lifetime(), /^(60|59)$/);
    writeFileSync(`${file}.new`, `${rulesFor(upstream, '90s')}store: { memory: 8MiB }\n`);
    renameSync(`${file}.new`, file);
    t.match(await logged('configuration reloaded'), { cause: 'file changed' });
    t.match(await logged('takes effect after a restart'), { section: 'store' });
    t.match(await lifetime(), /^(90|89)$/);
    writeFileSync(file, 'nonsense: 1\n');
    child.kill('SIGHUP');
    t.match(await logged('configuration refused'), { level: 50 });
    t.match(stderr(), `${file}:1:1 `);
    t.match(await lifetime(), /^(90|89|88)$/);
  },
);
