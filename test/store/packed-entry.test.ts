/** store/packed-entry.ts: what was packed comes back. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { packEntry, unpackEntry, unpackSubject, viewOf } from '../../src/store/packed-entry.ts';
import { seconds } from '../../src/kit/time.ts';
import { entryBut, keyOf, storedAt, tagsOf } from './entry.ts';

const unusual = entryBut({
  variant: 'a'.repeat(64),
  selection: {
    names: ['accept-encoding', 'x'],
    values: ['gzip', null],
    contentEncoding: null,
    contentLanguage: 'he',
  },
  status: 206,
  fields: ['X-Name', 'caf\xe9 \xff', 'x-name', '', 'ETag', 'W/"\\"', 'X', '\ud800'],
  coding: 'gzip',
  part: { first: 5, last: 9, complete: 100 },
  policy: {
    lifetime: seconds(0.1 + 0.2),
    initialAge: seconds(2 ** 31),
    responseTime: storedAt,
    noCache: true,
    mustRevalidate: false,
    immutable: true,
    staleWhileRevalidate: seconds(1),
    staleIfError: seconds(2),
    staleIfDisconnected: seconds(3),
  },
  basis: {
    rule: 'r',
    lifetime: seconds(7),
    isExplicit: true,
    windows: { staleIfError: seconds(9) },
    held: { '{"a":1}': true },
  },
  asOf: { log: 'log', seq: 2 ** 50, own: { log: 'mine', seq: 3 } },
  tags: tagsOf('שלום', 'a b', '"'),
  target: '/a?b=\u{1f600}',
  partition: 'p',
});

t.test('an entry comes back as it was, with bodies of all sizes', async (t) => {
  for (const entry of [entryBut(), unusual]) {
    for (const size of [0, 1, 16 * 1024, 16 * 1024 + 1, 100_000]) {
      const whole = { ...entry, body: randomBytes(size) };
      const packed = packEntry(whole);
      const unpacked = unpackEntry(whole.key, packed);
      t.strictSame(unpacked, whole);
      t.strictSame(viewOf(whole, packed), unpacked, 'its view');
    }
  }
});

t.test('its subject is what purges it', async (t) => {
  const { key, variant, host, target, tags, asOf } = unusual;
  t.strictSame(unpackSubject(key, packEntry(unusual)), { key, variant, host, target, tags, asOf });
});

t.test('a small body is copied, so that what it was a piece of is not kept', async (t) => {
  const large = Buffer.alloc(100_000, 'x');
  const { bytes } = packEntry(entryBut({ body: large.subarray(0, 10) }, 'piece'));
  t.ok(bytes.byteLength < 2000);
  t.equal(unpackEntry(keyOf('piece'), { bytes, body: undefined }).body.toString(), 'x'.repeat(10));
});

t.test('a large body is copied only if much else is kept with it', async (t) => {
  const large = Buffer.alloc(200_000, 'x');
  const packed = (body: Buffer) => packEntry(entryBut({ body }, 'piece')).body;
  t.equal(packed(large), large, 'all of it');
  t.equal(packed(large.subarray(1000))?.buffer, large.buffer, 'nearly all');
  const half = packed(large.subarray(100_000));
  t.equal(half?.buffer.byteLength, 100_000);
  t.ok(half?.equals(large.subarray(100_000)));
});
