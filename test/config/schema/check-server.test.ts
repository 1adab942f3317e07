import t from 'tap';
import { configIn, problemsBelow, problemsIn, upstream } from '../fixture.ts';

t.test('upstream is a URL or a section with one', async (t) => {
  t.match(configIn('upstream: HTTP://App:80/').upstream, {
    url: 'http://app',
    connectTimeout: 2,
    connections: 128,
  });
  t.match(
    configIn('upstream: { url: "https://[::1]:5000", connect_timeout: 500ms, host: upstream }').upstream,
    {
      url: 'https://[::1]:5000',
      connectTimeout: 0.5,
      responseTimeout: 30,
      bodyTimeout: 30,
      host: 'upstream',
    },
  );
});

const badUpstreams = [
  'app:5000',
  'ftp://app',
  'http://app/path',
  'http://app?x',
  'http://u:p@app',
  'http:app',
  'http://',
  '//app',
];
for (const url of badUpstreams) {
  t.test(`upstream \`${url}\` is refused`, async (t) => {
    t.strictSame(problemsIn(`upstream: "${url}"`), ['1:11 bad-url']);
    t.strictSame(problemsIn(`upstream: { url: "${url}" }`), ['1:18 bad-url']);
  });
}

t.test('upstream’s other keys are checked', async (t) => {
  t.strictSame(problemsIn('upstream: { connections: 5 }'), ['1:11 missing-key']);
  t.strictSame(problemsIn('upstream: { url: http://a, connections: 0, connect_timeout: 0, host: app }'), [
    '1:41 out-of-range',
    '1:61 out-of-range',
    '1:70 bad-value',
  ]);
});

t.test('17.5: an upstream may be a Unix socket', async (t) => {
  for (const url of ['unix:/run/app.sock', 'unix:/run/a b.sock', `unix:/${'a'.repeat(106)}`])
    t.equal(configIn(`upstream: "${url}"`).upstream.url, url);
  for (const url of [
    'unix:',
    'unix:app.sock',
    'unix:/',
    'unix:/run/',
    'unix://run/',
    'unix:/a\\0b',
    `unix:/${'a'.repeat(107)}`,
  ])
    t.strictSame(problemsIn(`upstream: "${url}"`), ['1:11 bad-url'], url);
  t.strictSame(problemsIn('upstream: { url: "unix:/a", tls: { ca: a } }'), ['1:34 conflicting-keys']);
});

const addresses: readonly (readonly [string, object | undefined])[] = [
  ['0.0.0.0:8080', { host: '0.0.0.0', port: 8080 }],
  ['[::]:0', { host: '::', port: 0 }],
  ['localhost:1', { host: 'localhost', port: 1 }],
  ['systemd', { systemd: true }],
  ['systemd:web', undefined],
  ['8080', undefined],
  [':8080', undefined],
  ['0.0.0.0', undefined],
  ['::1:8080', undefined],
  ['[::1]', undefined],
  ['[nope]:80', undefined],
  ['1.2.3.400:80', undefined],
  ['host:65536', undefined],
  ['http://host:80', undefined],
  ['-a:80', undefined],
];
for (const [text, expected] of addresses) {
  t.test(`the address \`${text}\` is ${expected === undefined ? 'refused' : 'read'}`, async (t) => {
    if (expected === undefined) t.strictSame(problemsBelow(`listen: "${text}"`), ['1:9 bad-address']);
    else t.match(configIn(`${upstream}listen: { address: "${text}" }`).listen, expected);
  });
}

t.test('hosts are names, proxies are networks, canonical', async (t) => {
  const config = configIn(
    `${upstream}listen: { hosts: [WWW.example.org, "*.example.org", "[::1]"], trusted_proxies: [10.1.2.3/8, 1.2.3.4, "fd00::1/8"] }`,
  );
  t.strictSame(config.listen.hosts, ['www.example.org', '*.example.org', '[::1]']);
  t.strictSame(config.listen.trustedProxies, ['10.0.0.0/8', '1.2.3.4/32', 'fd00::/8']);
  t.strictSame(problemsBelow('listen: { hosts: ["a:80", "*", "a.*.b"] }'), [
    '1:19 bad-address',
    '1:27 bad-address',
    '1:32 bad-address',
  ]);
  t.strictSame(
    problemsBelow('listen: { trusted_proxies: [10.0.0.0/33, 10.0.0, proxy, "::/129", 1.2.3.4/] }'),
    ['1:29 bad-cidr', '1:42 bad-cidr', '1:50 bad-cidr', '1:57 bad-cidr', '1:67 bad-cidr'],
  );
});

t.test('17.1: workers are a number or auto; what they cannot do yet is refused', async (t) => {
  for (const [workers, expected] of [
    ['auto', 'auto'],
    ['4', 4],
    ['${W}', 3],
  ])
    t.equal(
      configIn(`${upstream}listen: { workers: ${workers} }`, { env: { W: '3' } }).listen.workers,
      expected,
    );
  t.equal(configIn(`${upstream}listen: { fast_lane: true }`).listen.workers, 1);
  const redis = 'store: { redis: { url: redis://127.0.0.1 } }';
  t.strictSame(problemsBelow(`listen: { workers: 2 }\n${redis}`), []);
  t.strictSame(problemsBelow('listen: { workers: 2 }\nmode: shadow'), []);
  const store = 'store: { memory: 6MiB, max_object: 4MiB }';
  t.strictSame(problemsBelow(`listen: { workers: 2 }\n${store}`), ['2:36 out-of-range']);
  t.strictSame(problemsBelow('listen: { workers: 0 }'), ['1:20 out-of-range']);
  t.strictSame(problemsBelow('listen: { workers: many }'), ['1:20 bad-value']);
});

t.test('17.2: tls is a certificate or a list of them, beside the file', async (t) => {
  const listenIn = (text: string) =>
    configIn(`${upstream}listen: ${text}`, { file: '/etc/shelflife/rules.yaml' }).listen;
  t.strictSame(
    listenIn('{ tls: { cert: a.pem, key: /k.pem, ca: ca.pem, min_version: 1.3, ciphers: X } }').tls,
    {
      minVersion: '1.3',
      ciphers: 'X',
      ca: '/etc/shelflife/ca.pem',
      certificates: [{ cert: '/etc/shelflife/a.pem', key: '/k.pem', serverName: undefined }],
    },
  );
  const several = '[{ cert: /a, key: /b }, { cert: /c, key: /d, server_name: "*.Example.org" }]';
  t.match(listenIn(`{ tls: ${several}, redirect: "0.0.0.0:80" }`), {
    redirect: { host: '0.0.0.0', port: 80 },
    tls: {
      minVersion: '1.2',
      ca: undefined,
      certificates: [{ cert: '/a' }, { cert: '/c', key: '/d', serverName: '*.example.org' }],
    },
  });
  const problems: readonly (readonly [string, readonly string[]])[] = [
    ['{ tls: { cert: a.pem } }', ['1:16 missing-key']],
    ['{ tls: [] }', ['1:16 empty-value']],
    ['{ tls: [{ key: k }] }', ['1:17 missing-key']],
    ['{ tls: { cert: a, key: b, min_version: 1.1 } }', ['1:48 bad-value']],
    ['{ tls: [{ cert: a, key: b }, { cert: a, key: b, ca: c }] }', ['1:38 conflicting-keys']],
    ['{ address: "unix:/run/a.sock" }', []],
    ['{ address: "unix:run/a.sock" }', ['1:20 bad-address']],
    ['{ address: "unix:/run/a.sock", tls: { cert: a, key: b } }', ['1:45 conflicting-keys']],
    ['{ address: "unix:/run/a.sock", workers: 2 }', []],
    ['{ address: systemd, workers: 2, tls: { cert: a, key: b }, redirect: "localhost:80" }', []],
    ['{ address: "unix:/run/a.sock", trusted_proxies: ["unix:"] }', []],
    ['{ redirect: "unix:/run/a.sock", tls: { cert: a, key: b } }', ['1:21 bad-address']],
    ['{ proxy_protocol: true }', ['1:27 missing-key']],
    ['{ proxy_protocol: true, trusted_proxies: [] }', ['1:27 missing-key']],
    ['{ proxy_protocol: true, trusted_proxies: [10.0.0.0/8] }', []],
    ['{ redirect: "h:80" }', ['1:21 missing-key']],
    ['{ address: "h:80", tls: { cert: a, key: b }, redirect: "h:80" }', ['1:64 conflicting-keys']],
    ['{ tls: { cert: a, key: b }, redirect: "0.0.0.0:8081" }', ['1:47 conflicting-keys']],
  ];
  for (const [text, expected] of problems) t.strictSame(problemsBelow(`listen: ${text}`), expected, text);
});
