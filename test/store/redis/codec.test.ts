/** store/codec.ts: entries survive encoding exactly, or not at all. */
import t from 'tap';
import fc from 'fast-check';
import { codecVersion, decodeEntry, encodeEntry } from '../../../src/store/redis/codec.ts';
import { type EpochMs, type Seconds, seconds } from '../../../src/kit/time.ts';
import type { Tag } from '../../../src/policy/rules/tags.ts';
import type { Entry } from '../../../src/store/store.ts';
import { entryBut, keyOf, storedAt } from '../entry.ts';
import { anyCharacter } from '../../helpers/any-character.ts';

const reasonOf = (bytes: Buffer, key = keyOf('page')) => {
  const decoded = decodeEntry(bytes, key);
  return decoded.kind === 'entry' ? 'entry' : decoded.reason;
};

const text = fc.string({ unit: anyCharacter, maxLength: 30 });
const latin1 = fc.string({ unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)) });
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value));
const anyEntry: fc.Arbitrary<Entry> = fc
  .record({
    variant: text,
    status: fc.integer({ min: 200, max: 599 }),
    pairs: fc.array(fc.tuple(latin1, latin1), { maxLength: 8 }),
    body: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    tags: fc.array(text, { maxLength: 5 }).map((tags) => tags as Tag[]),
    target: text,
    host: text,
    seq: fc.nat(),
    lifetime: finite.map((value) => value as Seconds),
    at: fc.nat().map((value) => (storedAt + value) as EpochMs),
    hasPart: fc.boolean(),
    coding: fc.constantFrom(undefined, 'gzip' as const),
  })
  .map(({ pairs, seq, lifetime, at, hasPart, ...rest }) => {
    const { policy } = entryBut();
    return entryBut({
      ...rest,
      fields: pairs.flat(),
      asOf: { log: 'log', seq },
      policy: { ...policy, lifetime, responseTime: at },
      selection: {
        names: ['accept'],
        values: [null],
        contentEncoding: rest.host,
        contentLanguage: null,
      },
      responseTime: at,
      part: hasPart ? { first: 0, last: 1, complete: seq } : undefined,
    });
  });

t.test('an entry survives encoding and decoding', async (t) => {
  fc.assert(
    fc.property(anyEntry, (entry) => {
      const decoded = decodeEntry(encodeEntry(entry), entry.key);
      if (decoded.kind !== 'entry') throw new Error(decoded.reason);
      t.strictSame(decoded.entry, entry);
    }),
    { numRuns: 150 },
  );
});

t.test('a changed bit, a missing or an added byte makes it unreadable, wherever it is', async (t) => {
  const bytes = encodeEntry(entryBut());
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(at) ^ (1 << (at % 8)), at);
    if (reasonOf(changed) === 'entry') t.fail(`byte ${at}`);
    if (reasonOf(bytes.subarray(0, at)) !== 'truncated') t.fail(`cut at ${at}`);
  }
  t.equal(reasonOf(Buffer.concat([bytes, Buffer.from('x')])), 'malformed');
});

t.test('arbitrary bytes are not an entry and do no harm', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.boolean(), (noise, looksLikeOurs) => {
      const bytes = Buffer.from(noise);
      if (looksLikeOurs && bytes.length > 4) bytes.set([0x73, 0x6c, codecVersion, 0]);
      t.not(reasonOf(bytes), 'entry');
    }),
    { numRuns: 300 },
  );
});

t.test('an entry found under another key is recognised', async (t) => {
  t.equal(reasonOf(encodeEntry(entryBut({}, 'other'))), 'other-key');
});

t.test('older and newer layouts are refused, not guessed', async (t) => {
  for (const version of [codecVersion - 1, codecVersion + 1, 255]) {
    const bytes = encodeEntry(entryBut());
    bytes.writeUInt8(version, 2);
    t.equal(reasonOf(bytes), 'other-version');
  }
});

t.test('a valid frame around an incomplete head is malformed', async (t) => {
  const { policy } = entryBut();
  const notFinite = entryBut({ policy: { ...policy, lifetime: seconds(Infinity) } });
  t.equal(reasonOf(encodeEntry(notFinite)), 'malformed', 'a number JSON does not have');
  t.equal(reasonOf(encodeEntry(entryBut({ fields: ['Content-Type'] }))), 'malformed');
  for (const name of Object.keys(entryBut()).filter((name) => !['body', 'part', 'coding'].includes(name))) {
    const entry = entryBut({ [name]: undefined });
    t.equal(reasonOf(encodeEntry(entry)), 'malformed', name);
  }
});
