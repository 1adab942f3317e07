import { randomBytes } from 'node:crypto';
import {
  brotliCompressSync,
  constants,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import t from 'tap';
import { CodedBodies } from '../../../src/proxy/fetch/coded-bodies.ts';

const bodies = new CodedBodies();
const short = Buffer.from('some text, and some more text. '.repeat(20));
const long = Buffer.from(randomBytes(200_000).toString('hex'));

/** The best quality takes a second for what is long. */
const brotliOf = (bytes: Buffer): Buffer =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } });

const isWhole = (coding: string, body: Buffer, more: { status?: number; part?: boolean } = {}) =>
  bodies.isWhole({
    status: more.status ?? 200,
    fields: ['Content-Encoding', coding],
    body,
    part: more.part === true ? { first: 0, last: body.length - 1, complete: 1_000_000 } : undefined,
  });

const codings: [string, (bytes: Buffer) => Buffer][] = [
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['GZIP', gzipSync],
  ['br', brotliOf],
  ['zstd', zstdCompressSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
  ['gzip, gzip', (bytes) => gzipSync(gzipSync(bytes))],
  ['br, gzip', (bytes) => gzipSync(brotliOf(bytes))],
  ['identity, deflate', deflateSync],
  ['secret-sauce, gzip', gzipSync],
];

for (const [at, [coding, encode]] of codings.entries()) {
  t.test(`${coding} (${at}): complete bodies are accepted, truncated or altered ones are not`, async (t) => {
    for (const text of [short, long]) {
      const coded = encode(text);
      t.equal(await isWhole(coding, coded), true);
      for (const length of [12, coded.length >> 1, coded.length - 1])
        t.equal(await isWhole(coding, coded.subarray(0, length)), false, `${length} of ${coded.length}`);
      t.equal(await isWhole(coding, Buffer.concat([Buffer.from('no!'), coded])), false);
    }
  });
}

t.test('a coding within another is undone too', async (t) => {
  for (const text of [short, long]) {
    const inner = gzipSync(text);
    t.equal(await isWhole('gzip, br', brotliOf(inner.subarray(0, -10))), false);
  }
});

t.test(
  'gzip members one behind the other, and padded with zeros, are one body (RFC 1952 §2.2)',
  async (t) => {
    for (const text of [short, long]) {
      const member = gzipSync(text);
      t.equal(await isWhole('gzip', Buffer.concat([member, member])), true);
      t.equal(await isWhole('gzip', Buffer.concat([member, Buffer.alloc(20)])), true);
      t.equal(await isWhole('gzip', Buffer.concat([member, member.subarray(0, -4)])), false);
    }
  },
);

t.test('an unknown coding, and a part of a body, prove nothing', (t) => {
  t.equal(isWhole('secret-sauce', short), true);
  t.equal(isWhole('gzip, secret-sauce', short), true);
  t.equal(isWhole('identity', short), true);
  t.equal(isWhole('gzip', gzipSync(short).subarray(5, 20), { part: true }), true);
  t.end();
});

t.test('text that is only labelled as coded is complete', async (t) => {
  for (const text of [short, long, Buffer.from('ok'), Buffer.from('\tשלום\r\n')]) {
    for (const coding of ['gzip', 'br', 'zstd', 'deflate', 'gzip, br'])
      t.equal(await isWhole(coding, text), true);
  }
  t.equal(await isWhole('gzip, gzip', gzipSync(short)), true, 'coded once, labelled twice');
  t.equal(isWhole('gzip', Buffer.from('text, and a \0')), false);
  t.equal(isWhole('gzip', Buffer.from('caf\xe9', 'latin1')), false);
});

t.test('an empty body is not a coded page, but may be a labelled redirect', (t) => {
  t.equal(isWhole('gzip', Buffer.alloc(0)), false);
  t.equal(isWhole('gzip', Buffer.alloc(0), { status: 301 }), true);
  t.end();
});

t.test(
  'small bodies are checked at once; large ones, and those that unpack to much, off the request path',
  async (t) => {
    t.equal(isWhole('gzip', gzipSync(short)), true);
    const large = isWhole('gzip', gzipSync(long));
    const unpacking = isWhole('br', brotliOf(Buffer.alloc(1024 * 1024)));
    t.ok(large instanceof Promise);
    t.ok(unpacking instanceof Promise);
    t.strictSame(await Promise.all([large, unpacking]), [true, true]);
  },
);

t.test('a body that unpacks without end is not accepted', async (t) => {
  const member = gzipSync(Buffer.alloc(30 * 1024 * 1024), { level: 1 });
  t.equal(await isWhole('gzip', Buffer.concat(Array.from({ length: 10 }, () => member))), false);
  t.equal(await isWhole('gzip', Buffer.concat([member, member])), true, 'though one that ends is');
});
