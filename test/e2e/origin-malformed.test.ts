/** Invalid answers: 502 as long as nothing has been sent, nothing stored, the connection closed. */
import { gzipSync } from 'node:zlib';
import type { Socket } from 'node:net';
import t, { type Test } from 'tap';
import { ask, fateOf, type RawAnswer, valuesOf } from '../helpers/raw-client.ts';
import { okText, type RawSite, startRawSite } from '../helpers/raw-origin.ts';
import { rawExchange } from '../helpers/raw-exchange.ts';

const rules = `
content_types:
  page: { ttl: 60s, scope: public, cache_control: override }
  other: { ttl: 60s, scope: public, cache_control: override, etag: true }
routes:
  - { match: GET /p/*, type: page }
  - { match: GET /etag/*, type: other }
  - { match: GET /pass/*, type: pass }
unmatched: standard
`;
const places = ['/p/', '/etag/', '/std/', '/pass/'] as const;

const ok = 'HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n';
const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`;

/** Answers of which nothing can be believed. */
const unusable: Readonly<Record<string, string>> = {
  'no status line': 'what is this\r\n\r\n',
  'another protocol': '\x16\x03\x01\x02\x00\x01\r\n\r\n',
  'a body without a head': 'hello',
  'a status that is not a number': `HTTP/1.1 abc OK\r\nContent-Length: 2\r\n\r\nok`,
  'a status of four digits': `HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok`,
  'a status below 100': `HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\nok`,
  '101, which nobody asked for':
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
  'RFC 9112 §5.2: a folded line': `${ok}X-A: one\r\n two\r\nContent-Length: 2\r\n\r\nok`,
  'a folded first line': `HTTP/1.1 200 OK\r\n X-A: one\r\nContent-Length: 2\r\n\r\nok`,
  'a folded length': `${ok}Content-Length:\r\n 2\r\n\r\nok`,
  'a folded coding': `${ok}Transfer-Encoding:\r\n chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
  'RFC 9112 §6.3: two lengths that differ': `${ok}Content-Length: 2\r\nContent-Length: 4\r\n\r\nokok`,
  'a list of lengths': `${ok}Content-Length: 2, 4\r\n\r\nokok`,
  'a negative length': `${ok}Content-Length: -2\r\n\r\nok`,
  'a length in words': `${ok}Content-Length: two\r\n\r\nok`,
  'a length beyond all numbers': `${ok}Content-Length: 99999999999999999999999\r\n\r\nok`,
  'RFC 9112 §6.3: a length and a coding': `${ok}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
  'a coding and a length': `${ok}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
  'RFC 9112 §7: a coding besides chunks': `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
  'an unknown transfer coding': `${ok}Transfer-Encoding: xchunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
  'a first chunk without a size': `${chunked}zz\r\nok\r\n0\r\n\r\n`,
  'a first chunk of negative size': `${chunked}-2\r\nok\r\n0\r\n\r\n`,
  'a first chunk beyond all numbers': `${chunked}ffffffffffffffffff\r\nok\r\n0\r\n\r\n`,
  'a head that is too large': `${ok}X-Big: ${'x'.repeat(70_000)}\r\nContent-Length: 2\r\n\r\nok`,
  'NUL in a field': `${ok}X-A: a\0b\r\nContent-Length: 2\r\n\r\nok`,
  'a control character in a field': `${ok}X-A: a\x01b\r\nContent-Length: 2\r\n\r\nok`,
  'a bare CR in a field': `${ok}X-A: a\rSet-Cookie: b\r\nContent-Length: 2\r\n\r\nok`,
  'a space before the colon': `${ok}Content-Length : 2\r\n\r\nok`,
  'a line without a colon': `${ok}X-A\r\nContent-Length: 2\r\n\r\nok`,
  'a field without a name': `${ok}: a\r\nContent-Length: 2\r\n\r\nok`,
  'a name of two words': `${ok}X A: a\r\nContent-Length: 2\r\n\r\nok`,
};

/** Answers that go wrong when a part of the body has been sent. */
const brokenLater: Readonly<Record<string, string>> = {
  'a second chunk without a size': `${chunked}2\r\nok\r\nzz\r\n\r\n`,
  'a chunk longer than its size': `${chunked}2\r\nokok\r\n0\r\n\r\n`,
  'an invalid trailer': `${chunked}2\r\nok\r\n0\r\nno trailer\r\n\r\n`,
};

async function start(t: Test): Promise<RawSite> {
  const site = await startRawSite(rules);
  t.teardown(() => site.close());
  return site;
}

/** Asks for a target again, of an origin that is well: what was there before is not stored, nor its connection used. */
async function checkNothingLeft(t: Test, site: RawSite, target: string, before: Socket): Promise<void> {
  site.answerWith(() => okText('well'));
  const next = await ask(site.url, { target });
  t.match(
    [next.status, next.body, fateOf(next)],
    [200, 'well', /^fwd=(uri-miss|bypass)/],
    `${target}: not stored`,
  );
  t.not(site.arrivals.at(-1)?.socket, before, `${target}: not over the same connection`);
}

/** The socket of the last request. */
function lastSocket({ arrivals }: RawSite): Socket {
  const socket = arrivals.at(-1)?.socket;
  if (socket === undefined) throw new Error('nobody asked');
  return socket;
}

t.test('an invalid answer is a 502, after one request', async (t) => {
  const site = await start(t);
  for (const [index, [name, text]] of Object.entries(unusable).entries()) {
    for (const place of places) {
      const target = place + String(index);
      site.arrivals.length = 0;
      site.answerWith(({ socket }) => {
        if (text === 'hello') socket.end(text);
        return text === 'hello' ? undefined : text;
      });
      const answer = await ask(site.url, { target });
      t.equal(answer.status, 502, `${place}: ${name}`);
      t.match(
        valuesOf(answer, 'proxy-status')[0],
        /^shelflife; error=http_(protocol_error|response_incomplete)$/,
      );
      t.strictSame(valuesOf(answer, 'x-a'), []);
      t.equal(site.arrivals.length, 1);
      await checkNothingLeft(t, site, target, lastSocket(site));
    }
  }
});

t.test('an error within the body cuts it off, and never ends it cleanly', async (t) => {
  const site = await start(t);
  for (const [index, [name, text]] of Object.entries(brokenLater).entries()) {
    for (const place of ['/p/', '/std/', '/pass/']) {
      const target = place + String(index);
      site.answerWith(() => text);
      const got = await rawExchange(site.url, `GET ${target} HTTP/1.1\r\nHost: site.test\r\n\r\n`);
      t.match(got, /^HTTP\/1.1 200 .*\r\n\r\n2\r\nok\r\n$/s, `${place}: ${name}: no end`);
      await checkNothingLeft(t, site, target, lastSocket(site));
    }
  }
});

t.test('a body truncated by length, chunks or coding is cut off downstream, and not stored', async (t) => {
  const site = await start(t);
  const text = 'all the text there is, again and again; '.repeat(500);
  const packed = gzipSync(text).toString('latin1');
  const cut: Readonly<Record<string, string>> = {
    length: `${ok}Content-Length: ${text.length}\r\n\r\n${text.slice(0, 9000)}`,
    chunked: `${chunked}${text.length.toString(16)}\r\n${text.slice(0, 9000)}`,
    'between chunks': `${chunked}3e8\r\n${text.slice(0, 1000)}\r\n`,
    'gzip by length': `${ok}Content-Encoding: gzip\r\nContent-Length: ${packed.length}\r\n\r\n${packed.slice(0, 90)}`,
    'gzip in chunks': `${ok}Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n5a\r\n${packed.slice(0, 90)}\r\n`,
  };
  for (const [index, [name, answer]] of Object.entries(cut).entries()) {
    for (const place of ['/p/', '/std/', '/pass/']) {
      const target = place + String(index);
      site.answerWith(({ socket }) => void socket.end(answer, 'latin1'));
      const head = `GET ${target} HTTP/1.1\r\nHost: site.test\r\nAccept-Encoding: gzip\r\n\r\n`;
      const got = await rawExchange(site.url, head);
      t.match(got, /^HTTP\/1.1 200 /, `${place}: ${name}`);
      t.notOk(got.endsWith('0\r\n\r\n'), 'the chunks have no end');
      const length = /content-length: (\d+)/i.exec(got)?.[1];
      const body = got.slice(got.indexOf('\r\n\r\n') + 4);
      t.ok(length === undefined || body.length < Number(length), 'less than its length');
      await checkNothingLeft(t, site, target, lastSocket(site));
    }
  }
});

t.test('bytes behind an answer are not used for the next request', async (t) => {
  const site = await start(t);
  const evil = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil';
  const answers = [
    `${ok}Content-Length: 2\r\n\r\nok${evil}`,
    `HTTP/1.1 204 No Content\r\n\r\n${evil}`,
    `HTTP/1.1 304 Not Modified\r\nContent-Length: ${evil.length}\r\n\r\n${evil}`,
    `${chunked}2\r\nok\r\n0\r\n\r\n${evil}`,
  ];
  for (const [index, text] of answers.entries()) {
    for (const place of places) {
      site.answerWith(() => text);
      const first: RawAnswer = await ask(site.url, { target: `${place}first-${index}` });
      t.ok([200, 204, 304].includes(first.status));
      t.notMatch(first.body, /evil/);
      site.answerWith(() => okText('well'));
      const next = await Promise.all(
        [1, 2, 3].map((n) => ask(site.url, { target: `${place}${index}-${n}` })),
      );
      t.strictSame(
        next.map(({ body }) => body),
        ['well', 'well', 'well'],
      );
    }
  }
});

t.test('a malformed answer to a POST: 502, sent once, and its purge is made', async (t) => {
  const site = await start(t);
  t.equal((await ask(site.url, { target: '/p/1' })).status, 200);
  site.answerWith(() => 'what is this\r\n\r\n');
  site.arrivals.length = 0;
  const posted = await ask(site.url, {
    method: 'POST',
    target: '/p/1',
    lines: ['Content-Length: 1'],
    body: 'x',
  });
  t.equal(posted.status, 502);
  t.equal(site.arrivals.length, 1);
  site.answerWith(() => okText('well'));
  t.match(fateOf(await ask(site.url, { target: '/p/1' })), /^fwd=uri-miss/, 'its outcome is unknown');
});
