/**
 * The purge APIs of Fastly, Cloudflare, Varnish and LiteSpeed. The requests are those that the clients `fastly` 13.0.0 and
 * `cloudflare` 7.3.0, Magento, FOSHttpCache, Drupal and WordPress purgers send.
 */
import t from 'tap';
import { rawExchange } from '../helpers/raw-exchange.ts';
import { startProxy, token } from './running-proxy.ts';

/** Bytes of UTF-8, as fields hold them. */
const latin1 = (text: string): string => Buffer.from(text).toString('latin1');

const hebrew = `/${encodeURIComponent('חדש')}`;
const pages = ['/a', '/a/b', '/c', '/d?x=1', hebrew];
const tagsOf: Readonly<Record<string, string>> = {
  '/a': 'one all',
  '/a/b': 'two all',
  '/c': 'three all',
  '/d?x=1': latin1('חדש'),
};

/** What a purge ended of `pages`, as `hit` and `miss` in their order. */
async function setUp(t: Parameters<typeof startProxy>[0]) {
  const running = await startProxy(t, {
    listener: (request, response) => {
      response.setHeader('Cache-Control', 'max-age=60');
      response.setHeader('Cache-Tag', request.url === '/c' ? 'two words, more' : 'plain');
      response.setHeader('Surrogate-Key', tagsOf[request.url ?? ''] ?? 'other');
      // As bytes: node:http would write the fields before a text as UTF-8 once more.
      response.end(Buffer.from('page'));
    },
  });
  const host = new URL(running.server.url).host;
  const states = async () => {
    const answers = await Promise.all(pages.map((page) => running.get(page)));
    return answers.flatMap((answer, at) =>
      (answer.headers.get('cache-status') ?? '').includes('; hit') ? [] : [pages[at]],
    );
  };
  await states();
  return { ...running, host, states };
}

const json = { 'content-type': 'application/json' };
const all = [...pages];
type Case = readonly [
  request: string,
  body: unknown,
  headers: Record<string, string>,
  ended: readonly string[],
];

/** `HOST` is that of the site. */
const cases: readonly Case[] = [
  ['POST /service/S1/purge/one', '', {}, ['/a']],
  ['POST /service/S1/purge', { surrogate_keys: ['one', 'three'] }, json, ['/a', '/c']],
  ['POST /service/S1/purge', '', { 'surrogate-key': 'one two' }, ['/a', '/a/b']],
  ['POST /service/S1/purge_all', '', {}, all],
  ['POST /purge/HOST/d?x=1', '', {}, ['/d?x=1']],
  ['POST /purge/HOST%2Fa%2Fb', '', {}, ['/a/b']],
  [
    'POST /client/v4/zones/Z/purge_cache',
    { files: ['http://HOST/c', { url: 'http://HOST/a' }] },
    json,
    ['/a', '/c'],
  ],
  ['POST /zones/Z/purge_cache', { tags: ['two'] }, json, ['/a/b']],
  ['POST /zones/Z/purge_cache', { hosts: ['HOST'] }, json, all],
  ['POST /zones/Z/purge_cache', { hosts: ['other.example.org'] }, json, []],
  ['POST /zones/Z/purge_cache', { prefixes: ['HOST/a'] }, json, ['/a', '/a/b']],
  ['POST /zones/Z/purge_cache', { purge_everything: true }, json, all],
  ['PURGE /a', '', {}, ['/a']],
  ['PURGE /.*', '', { 'x-purge-method': 'regex' }, all],
  ['PURGE /a.*', '', { 'x-purge-method': 'regex' }, ['/a', '/a/b']],
  ['PURGE /', '', { xkey: 'one two' }, ['/a', '/a/b']],
  ['PURGE /', '', { 'x-magento-tags-pattern': '((^|,)one(,|$))|((^|,)three(,|$))' }, ['/a', '/c']],
  ['PURGE /', '', { 'x-magento-tags-pattern': '.*' }, all],
  ['PURGE /', '', { 'x-litespeed-purge': 'tag=one, /c' }, ['/a', '/c']],
  ['PURGE /', '', { 'x-litespeed-purge': '*' }, all],
  ['BAN /', '', { 'x-url': '^/a' }, ['/a', '/a/b']],
  ['BAN /', '', { 'x-url': '^/a$', 'x-host': '^(HOST|other)$' }, ['/a']],
  ['BAN /', '', { 'x-url': '.*', 'x-host': 'other' }, []],
  ['BAN /', '', { 'x-url': '.*' }, all],
  ['BAN /c', '', {}, ['/c']],
  [`BAN ${latin1('/חדש')}`, '', {}, [hebrew]],
  ['BAN /', '', { 'x-url': `^${latin1('/חדש')}` }, [hebrew]],
  ['PURGE /', '', { 'x-litespeed-purge': latin1('/חדש') }, [hebrew]],
  ['BAN /c', '', { host: 'site.example:OWN' }, ['/c']],
  ['PURGE /c', '', { host: 'site.example:OWN' }, ['/c']],
  ['PURGE /c', '', { host: 'site.example' }, []],
  ['BAN /', '', { 'x-cache-tags': '(^|,)(one|two)(,|$)' }, ['/a', '/a/b']],
  ['BAN /', '', { 'cache-tags': '(three)(,.+)?$' }, ['/c']],
  ['BAN /', '', { 'cache-tags': 'two words' }, ['/a/b', '/c']],
  ['BAN /', '', { 'cache-tags': 'three one|two' }, ['/a', '/a/b', '/c']],
  ['BAN /', '', { 'cache-tags': latin1('חדש') }, ['/d?x=1']],
  ['BAN /', '', { 'x-cache-tags': 'one', xkey: 'two', 'surrogate-key': 'three' }, ['/a', '/a/b', '/c']],
  ['PURGE /', '', { xkey: latin1('חדש') }, ['/d?x=1']],
  ['PURGE /', '', { xkey: 'one', 'xkey-softpurge': 'two' }, ['/a', '/a/b']],
  ['PURGE /', '', { 'x-litespeed-purge': latin1('tag=חדש') }, ['/d?x=1']],
  ['PURGE /', '', { 'x-litespeed-purge': `${'tag=none, '.repeat(300)}tag=one` }, ['/a']],
  ['POST /service/S1/purge', '', { 'surrogate-key': latin1('חדש') }, ['/d?x=1']],
  [
    'POST /service/S1/purge',
    { surrogate_keys: ['one'] },
    { ...json, 'surrogate-key': 'two' },
    ['/a', '/a/b'],
  ],
];

t.test('each purger ends what it names, and nothing else', async (t) => {
  const { server, host, states } = await setUp(t);
  const control = new URL(server.controlUrl ?? '');
  for (const [line, body, headers, ended] of cases) {
    const own = (text: string) => text.replaceAll('HOST', host).replaceAll('OWN', control.port);
    const sent = body === '' ? '' : own(JSON.stringify(body));
    const fields = Object.entries(headers).map(([name, value]) => `${name}: ${own(value)}\r\n`);
    const length = sent === '' ? '' : `content-length: ${sent.length}\r\n`;
    const close = line.startsWith('BAN') ? '' : 'connection: close\r\n';
    const answer = await rawExchange(
      control.href,
      `${own(line)} HTTP/1.1\r\n${'host' in headers ? '' : `host: ${control.host}\r\n`}fastly-key: ${token}\r\n${close}${fields.join('')}${length}\r\n${sent}`,
    );
    t.match(answer, /^HTTP\/1.1 200 OK\r\n/, line);
    t.strictSame(await states(), ended, `${line} ${JSON.stringify(headers)} ${sent}`);
  }
});

t.test('answers are those its clients expect', async (t) => {
  const { control } = await setUp(t);
  const post = async (path: string, body: unknown = '', headers = {}) => {
    const answer = await control(path, {
      method: 'POST',
      headers: { ...json, ...headers },
      body: body === '' ? '' : JSON.stringify(body),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const id = /^[0-9a-f-]{36}$/;
  t.match(await post('/service/S/purge/one'), { status: 200, body: { status: 'ok', id, matched: 1 } });
  t.match(await post('/service/S/purge', { surrogate_keys: ['one'] }), { status: 200, body: { one: id } });
  t.match(await post('/zones/Z/purge_cache', { tags: ['two'] }), {
    status: 200,
    body: { success: true, errors: [], messages: [], result: { id, matched: 1 } },
  });
  for (const body of [
    '',
    [],
    {},
    { tags: [] },
    { tags: [1] },
    { files: [''] },
    { tag: ['a'] },
    { purge_everything: 1 },
    { hosts: ['https://example.org'] },
    { hosts: ['example.org/a'] },
  ])
    t.match(
      await post('/zones/Z/purge_cache', body),
      { status: 400, body: { success: false, errors: [{ code: 1012 }], result: null } },
      JSON.stringify(body),
    );
  for (const body of ['', { surrogate_keys: [] }, { surrogate_keys: [''] }])
    t.equal((await post('/service/S/purge', body)).status, 400, JSON.stringify(body));
  t.equal((await post('/service/S/purge/two', '', { 'fastly-soft-purge': '1' })).status, 200);
});

t.test('what is not understood purges nothing and says so; nothing is purged without a token', async (t) => {
  const { server, states } = await setUp(t);
  const url = server.controlUrl ?? '';
  for (const [head, status] of [
    ['BAN / HTTP/1.1\r\nfastly-key: wrong\r\nx-url: .*', 401],
    ['BAN / HTTP/1.1\r\nx-url: .*', 401],
    ['PURGE /a HTTP/1.1\r\nhost: x\r\nconnection: close', 401],
    [`BAN / HTTP/1.1\r\nfastly-key: ${token}\r\nx-url: /a`, 400],
    [`BAN / HTTP/1.1\r\nfastly-key: ${token}\r\nx-url: ^/(a|c)`, 400],
    [`BAN / HTTP/1.1\r\nfastly-key: ${token}\r\nx-url: ^/d?x`, 400],
    [`BAN / HTTP/1.1\r\nfastly-key: ${token}\r\nx-cache-tags: on.+`, 400],
    [`BAN / HTTP/1.1\r\nfastly-key: ${token}\r\nx-cache-tags: on(e|x)`, 400],
    [`BAN / HTTP/1.1\r\nfastly-key: ${token}\r\nx-url: .*\r\ncontent-length: 3`, 400],
    [`BAN / HTTP/1.1\r\nfastly-key: ${token}\r\nx-host: ^www\\.\r\nx-url: .*`, 400],
    [`BAN / HTTP/1.1\r\nfastly-key: ${token}\r\nx-host: example\\.com$\r\nx-url: .*`, 400],
    [`BAN / HTTP/1.1\r\nfastly-key: ${token}\r\nx-host: www.\r\nx-url: .*`, 400],
    [`BAN ^/(a|c) HTTP/1.1\r\nfastly-key: ${token}`, 400],
    [`BAN /a{2} HTTP/1.1\r\nfastly-key: ${token}`, 400],
    [
      `POST /service/S1/purge/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\nfastly-key: ${token}\r\ncontent-length: 0`,
      404,
    ],
    [
      `PURGE / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nfastly-key: ${token}\r\nx-litespeed-purge: tag=one, two`,
      400,
    ],
    [`BAN / HTTP/1.1\r\nfastly-key: ${token}\r\nfastly-key: ${token}\r\nx-url: .*`, 400],
    [`BAN / HTTP/1.1\r\nfastly-key: ${token}\r\n:ban: 1\r\nx-url: .*`, 400],
    [`PURGE / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nfastly-key: ${token}\r\nx-purge-method: glob`, 400],
    [
      `PURGE / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nfastly-key: ${token}\r\nx-litespeed-purge: private, *`,
      400,
    ],
    ['BANG / HTTP/1.1\r\nhost: x', 400],
  ] as const) {
    const answer = await rawExchange(url, `${head}\r\n\r\n`);
    t.match(answer, new RegExp(`^HTTP/1.1 ${status} `), head.replaceAll(token, 'TOKEN'));
  }
  t.strictSame(await states(), []);
});
