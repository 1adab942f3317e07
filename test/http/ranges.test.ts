import t from 'tap';
import { completionFields, hasPart, missingParts } from '../../src/http/parts.ts';
import {
  coalesce,
  ifRangeMatches,
  mostParts,
  mostRanges,
  multipart,
  parseContentRange,
  parseRange,
  planRanges,
  satisfiableRanges,
  singlePartFields,
} from '../../src/http/ranges.ts';

const r = (first: number, last: number) => ({ first, last });
const plan = (range: string, length = 10_000, more: object = {}) =>
  planRanges({
    method: 'GET',
    requestFields: ['Range', range],
    storedStatus: 200,
    storedFields: ['ETag', '"a"'],
    length,
    ...more,
  });

t.test('§14.1.2: Range as written', async (t) => {
  t.same(parseRange('bytes=1-2, 3-, -4'), [
    { kind: 'from', first: 1, last: 2 },
    { kind: 'from', first: 3, last: undefined },
    { kind: 'suffix', length: 4 },
  ]);
  t.same(parseRange('Bytes= , 0-0 ,'), [{ kind: 'from', first: 0, last: 0 }]);
  for (const value of [
    '',
    'bytes',
    'bytes=',
    'bytes=,',
    'bytes 1-2',
    'bytes=1',
    'bytes=-',
    'bytes=2-1',
    'bytes=1-2-3',
    'bytes=0x1-2',
    'bytes=1-2, x',
    'bytes=+1-2',
    'items=1-2',
    'bytes=1 - 2',
  ]) {
    t.equal(parseRange(value), undefined, value);
  }
  t.ok(parseRange(`bytes=${'0-1,'.repeat(mostRanges)}`));
  t.equal(parseRange(`bytes=${'0-1,'.repeat(mostRanges + 1)}`), undefined);
  t.equal(parseRange(`bytes=0-${' '.repeat(3000)}`), undefined);
});

t.test('§14.1.2: what a representation can satisfy', async (t) => {
  const within = (value: string, length: number) => satisfiableRanges(parseRange(value) ?? [], length);
  t.same(within('bytes=0-4,5-,-3,10-,-0,-99', 10), [r(0, 4), r(5, 9), r(7, 9), r(0, 9)]);
  t.same(within('bytes=0-,-1', 0), []);
  t.same(within(`bytes=0-${'9'.repeat(400)}`, 10), [r(0, 9)]);
  t.same(within(`bytes=${'9'.repeat(400)}-`, 10), []);
});

t.test('§15.3.7.2: near and overlapping ranges are joined, in order', async (t) => {
  t.same(coalesce([r(500, 600), r(0, 9), r(5, 20), r(101, 110)]), [r(0, 110), r(500, 600)]);
  t.same(coalesce([r(0, 9), r(10, 12), r(14, 15)], 0), [r(0, 12), r(14, 15)]);
  t.same(coalesce([r(0, 100), r(5, 6)], 0), [r(0, 100)]);
  t.same(coalesce([r(0, 9), r(90, 99)]), [r(0, 99)], 'a gap of 80');
  t.same(coalesce([r(0, 9), r(91, 99)]), [r(0, 9), r(91, 99)], 'a gap of 81');
});

t.test('§14.2: plans', async (t) => {
  t.same(plan('bytes=0-9'), { kind: 'single', range: r(0, 9) });
  t.same(plan('bytes=0-9, 5000-5009'), { kind: 'several', ranges: [r(0, 9), r(5000, 5009)] });
  t.same(plan('bytes=10000-'), { kind: 'unsatisfiable' });
  t.same(plan('bytes=0-9', 10_000, { method: 'HEAD' }), { kind: 'whole' });
  t.same(plan('bytes=0-9', 10_000, { storedStatus: 404 }), { kind: 'whole' });
  t.same(plan('bytes=0-9', 10_000, { requestFields: [] }), { kind: 'whole' });
  t.same(plan('bytes=-1', 0), { kind: 'whole' });
  t.same(plan('bytes=-0', 0), { kind: 'unsatisfiable' });
  t.same(plan('bytes=0-', 0), { kind: 'unsatisfiable' });
  const apart = (count: number) =>
    `bytes=${Array.from({ length: count }, (_, at) => `${at * 100}-${at * 100}`).join(',')}`;
  t.hasStrict(plan(apart(mostParts)), { kind: 'several' });
  t.same(plan(apart(mostParts + 1)), { kind: 'whole' });
});

t.test('§13.1.5: If-Range compares strongly', async (t) => {
  const modified = 'Sun, 06 Nov 1994 08:49:37 GMT';
  const at = (second: string) => `Sun, 06 Nov 1994 08:49:${second} GMT`;
  t.ok(ifRangeMatches('"a"', ['ETag', '"a"']));
  t.notOk(ifRangeMatches('"a"', []));
  t.notOk(ifRangeMatches('W/"a"', ['ETag', '"a"']));
  t.ok(ifRangeMatches(modified, ['Last-Modified', modified, 'Date', at('38')]));
  t.notOk(ifRangeMatches(modified, ['Last-Modified', modified, 'Date', at('37')]));
  t.notOk(ifRangeMatches(modified, ['Last-Modified', modified]));
  t.notOk(ifRangeMatches(at('36'), ['Last-Modified', modified, 'Date', at('50')]));
});

t.test('§14.4: Content-Range', async (t) => {
  t.same(parseContentRange('bytes 0-9/100'), { kind: 'part', range: r(0, 9), length: 100 });
  t.same(parseContentRange('Bytes 0-0/*'), { kind: 'part', range: r(0, 0), length: undefined });
  t.same(parseContentRange('bytes */100'), { kind: 'unsatisfied', length: 100 });
  for (const value of [
    '',
    'bytes 9-0/100',
    'bytes 0-100/100',
    'bytes 0-9',
    'bytes=0-9/10',
    'bytes -9/10',
    'bytes */*',
    'items 0-9/10',
    'bytes 0-9/10, bytes 0-9/10',
    `bytes 0-${'9'.repeat(20)}/*`,
  ]) {
    t.equal(parseContentRange(value), undefined, value);
  }
});

t.test('§15.3.7: one part and several', async (t) => {
  const stored = ['Content-Type', 'a/b', 'Content-Length', '10', 'ETag', '"a"'];
  t.same(singlePartFields(stored, r(2, 4), 10), [
    'Content-Type',
    'a/b',
    'ETag',
    '"a"',
    'Content-Range',
    'bytes 2-4/10',
    'Content-Length',
    '3',
  ]);
  const { fields, contentLength, pieces } = multipart(stored, {
    ranges: [r(0, 1), r(8, 9)],
    length: 10,
    boundary: 'B',
  });
  const body = pieces
    .map((piece) => (piece.kind === 'text' ? piece.text : '0123456789'.slice(piece.first, piece.last + 1)))
    .join('');
  t.equal(
    body,
    '--B\r\nContent-Type: a/b\r\nContent-Range: bytes 0-1/10\r\n\r\n01\r\n--B\r\nContent-Type: a/b\r\nContent-Range: bytes 8-9/10\r\n\r\n89\r\n--B--\r\n',
  );
  t.equal(contentLength, body.length);
  t.same(fields, [
    'ETag',
    '"a"',
    'Content-Type',
    'multipart/byteranges; boundary=B',
    'Content-Length',
    String(body.length),
  ]);
  t.notMatch(multipart([], { ranges: [r(0, 1)], length: 10, boundary: 'B' }).pieces[0], {
    text: /Content-Type/,
  });
});

t.test('RFC 9111 §3.4: parts are put together and completed', async (t) => {
  const parts = [r(0, 19), r(50, 59)];
  t.ok(hasPart(parts, r(5, 15)));
  t.notOk(hasPart(parts, r(15, 20)));
  t.notOk(hasPart(parts, r(15, 55)));
  t.same(missingParts(parts, r(0, 99)), [r(20, 49), r(60, 99)]);
  t.same(missingParts(parts, r(5, 55)), [r(20, 49)]);
  t.same(missingParts(parts, r(5, 30)), [r(20, 30)]);
  t.same(missingParts(parts, r(0, 9)), []);
  t.same(missingParts([], r(0, 9)), [r(0, 9)]);
  t.same(missingParts(parts, r(70, 80)), [r(70, 80)]);
  t.same(completionFields([r(20, 49), r(60, 99)], ['ETag', '"a"']), [
    'Range',
    'bytes=20-49, 60-99',
    'If-Range',
    '"a"',
  ]);
  t.equal(completionFields([], ['ETag', '"a"']), undefined);
  t.equal(completionFields([r(0, 1)], []), undefined);
});
