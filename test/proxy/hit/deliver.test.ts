import t from 'tap';
import { combinedValue, fieldLines } from '../../../src/http/fields.ts';
import { seconds } from '../../../src/kit/time.ts';
import { deliver } from '../../../src/proxy/hit/deliver.ts';
import { entryBut } from '../../store/entry.ts';
import { exchangeBut } from '../exchange-but.ts';

const hit = { cacheStatus: { kind: 'hit', ttl: seconds(9) }, age: seconds(1.9) } as const;
const stored = entryBut({
  fields: ['ETag', '"1"', 'Content-Type', 'text/plain'],
  body: Buffer.from('0123456789'),
});

/** What a client with these request fields gets. */
function given(fields: readonly string[], method = 'GET', entry = stored) {
  const { exchange, written } = exchangeBut('unmatched: standard', { method, fields });
  const status = deliver(exchange, entry, { ...hit, setCookies: ['a=b', 'c=d'] });
  t.equal(written.status, status);
  t.equal(written.end, 'ended');
  t.equal(combinedValue(written.fields, 'age'), '1');
  t.match(combinedValue(written.fields, 'cache-status'), 'shelflife; hit; ttl=9');
  t.strictSame(fieldLines(written.fields, 'set-cookie'), ['a=b', 'c=d']);
  return { ...written, length: combinedValue(written.fields, 'content-length') };
}

t.test('a stored response is given whole, as 304, 206 or 416', async (t) => {
  t.match(given([]), { status: 200, body: '0123456789', length: '10' });
  t.match(given(['If-None-Match', '"1"']), { status: 304, body: '' });
  t.match(given(['If-None-Match', '"2"']), { status: 200, body: '0123456789' });
  t.match(given(['Range', 'bytes=2-3']), { status: 206, body: '23', length: '2' });
  t.match(given(['Range', 'bytes=10-']), { status: 416, body: '', length: '0' });
  t.match(given(['Range', 'bytes=2-3', 'If-None-Match', '"1"']), { status: 304, body: '' });
  const long = { ...stored, body: Buffer.from(`ab${'-'.repeat(1000)}yz`) };
  const several = given(['Range', 'bytes=0-1,-2'], 'GET', long);
  t.equal(several.status, 206);
  t.equal(several.length, String(several.body.length));
  t.match(several.body, /\r\n\r\nab\r\n--[^]*\r\n\r\nyz\r\n--/);
});

t.test('a HEAD gets the same head and no body, and no range', async (t) => {
  t.match(given([], 'HEAD'), { status: 200, body: '', length: '10' });
  t.match(given(['Range', 'bytes=2-3'], 'HEAD'), { status: 200, body: '', length: '10' });
});

t.test('a range of a stored part counts from the whole', async (t) => {
  const part = { first: 5, last: 9, complete: 10 };
  const answer = given(['Range', 'bytes=6-7'], 'GET', { ...stored, part, body: Buffer.from('56789') });
  t.match(answer, { status: 206, body: '67' });
  t.equal(combinedValue(answer.fields, 'content-range'), 'bytes 6-7/10');
});
