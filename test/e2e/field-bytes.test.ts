/** Bytes above 0x7F in a field of an answer (a Hebrew file name) reach the client as the origin sent them, on every road. */
import t from 'tap';
import { ask, fateOf, type RawRequest, valuesOf } from '../helpers/raw-client.ts';
import { okText, startRawSite } from '../helpers/raw-origin.ts';

const name = `attachment; filename="${Buffer.from('דוח.txt').toString('latin1')}"`;
const field = `Content-Disposition: ${name}`;
const rules = `content_types:
  page: { scope: public, ttl: 60s }
routes:
  - { match: GET /page/:name, type: page }
`;

const answers: Readonly<Record<string, string>> = {
  '/page/a': okText('0123456789', [field, 'ETag: "1"']),
  '/page/empty': okText('', [field]),
  '/page/no-store': okText('x', [field, 'Cache-Control: no-store']),
  '/page/moved': `HTTP/1.1 302 Found\r\n${field}\r\nLocation: /page/a\r\nContent-Length: 0\r\n\r\n`,
  '/page/error': `HTTP/1.1 500 Oops\r\n${field}\r\nContent-Length: 1\r\n\r\nx`,
  '/page/chunked': `HTTP/1.1 200 OK\r\n${field}\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n`,
  '/pass': okText('x', [field]),
};

const ways: readonly [string, RawRequest][] = [
  ...Object.keys(answers).flatMap((target): [string, RawRequest][] => [
    ['first', { target }],
    ['again', { target }],
    ['HEAD', { method: 'HEAD', target }],
    ['POST', { method: 'POST', target, lines: ['Content-Length: 1'], body: 'x' }],
  ]),
  ['a 304', { target: '/page/a', lines: ['If-None-Match: "1"'] }],
  ['a range', { target: '/page/a', lines: ['Range: bytes=2-4'] }],
  ['only if cached', { target: '/page/a', lines: ['Cache-Control: only-if-cached'] }],
];

for (const isOn of [true, false]) {
  t.test(`fast lane: ${isOn ? 'on' : 'off'}`, async (t) => {
    const site = await startRawSite(`listen: { fast_lane: ${isOn} }\n${rules}`, ({ requestLine }) => {
      const [method, path = ''] = requestLine.split(' ');
      const whole = answers[path] ?? '';
      return method === 'HEAD' ? whole.slice(0, whole.indexOf('\r\n\r\n') + 4) : whole;
    });
    t.teardown(() => site.close());
    for (const [way, request] of ways) {
      const answer = await ask(site.url, request);
      t.same(valuesOf(answer, 'content-disposition'), [name], `${request.target}, ${way}: ${fateOf(answer)}`);
    }
  });
}
