/** What purgers written for Varnish ask for, without a listener. */

import t from 'tap';
import { readVarnish, type VarnishRequest } from '../../src/control/varnish-words.ts';

const asked = (request: Partial<VarnishRequest>): unknown => {
  const read = readVarnish({ method: 'PURGE', url: '/', headers: {}, ownPort: '8081', ...request });
  if (read.kind === 'bad') return read.detail;
  return read.requests.map(({ urls, prefixes, tags, soft }) => ({
    ...(urls.length > 0 && { urls }),
    ...(prefixes.length > 0 && { prefixes }),
    ...(tags.length > 0 && { tags }),
    ...(soft && { soft }),
  }));
};

t.test('17.6: an absolute URL keeps its scheme, which says what port may be left out', async (t) => {
  for (const url of ['https://h:443/a', 'http://h:443/a', 'https://h/a', 'http://h:80/a'])
    t.strictSame(asked({ url }), [{ urls: [url] }]);
  t.strictSame(asked({ url: 'HTTPS://h:443' }), [{ urls: ['https://h:443/'] }]);
  const regex = { 'x-purge-method': 'regex' };
  t.strictSame(asked({ url: 'https://h:443/a.*', headers: regex }), [{ prefixes: ['https://h:443/a'] }]);
  t.strictSame(asked({ method: 'BAN', url: 'https://h/a' }), [{ prefixes: ['https://h/a'] }]);
  t.strictSame(asked({ url: '/a', headers: { host: 'h' } }), [{ urls: ['http://h/a'] }]);
  t.strictSame(asked({ url: '/a', headers: { host: 'h:8081' } }), [{ urls: ['/a'] }]);
});

t.test('17.6: Fastly-Soft-Purge holds for PURGE as well, whatever it names', async (t) => {
  const soft = { 'fastly-soft-purge': '1' };
  t.strictSame(asked({ url: '/a', headers: soft }), [{ urls: ['/a'], soft: true }]);
  t.strictSame(asked({ headers: { ...soft, xkey: 'one' } }), [{ tags: ['one'], soft: true }]);
  t.strictSame(asked({ headers: { 'fastly-soft-purge': '0', xkey: 'one' } }), [{ tags: ['one'] }]);
});
