/** store/log-record.ts: purges as records; a doubtful record counts as a purge of everything. */
import t from 'tap';
import fc from 'fast-check';
import type { Tag } from '../../../src/policy/rules/tags.ts';
import { decodeRecord, encodePurge, everythingPurge } from '../../../src/store/log/log-record.ts';
import type { Purge } from '../../../src/store/purge-log.ts';
import { anyCharacter } from '../../helpers/any-character.ts';

const text = fc.string({ unit: anyCharacter, maxLength: 20 });
const plain = { noNullPrototype: true } as const;
const anyPurge: fc.Arbitrary<Purge> = fc.record(
  {
    tags: fc.array(text).map((tags) => tags as Tag[]),
    prefixes: fc.array(fc.record({ host: fc.option(text, { nil: undefined }), start: text }, plain)),
    everything: fc.boolean(),
    soft: fc.boolean(),
    cause: fc.constantFrom('write', 'unmatched-write', 'api', 'group', 'reload'),
  },
  plain,
);

t.test('a purge survives encoding and decoding', async (t) => {
  fc.assert(
    fc.property(anyPurge, fc.boolean(), (purge, wantsAck) => {
      t.strictSame(decodeRecord(encodePurge(purge, { wantsAck })), { kind: 'purge', purge, wantsAck });
    }),
    { numRuns: 100 },
  );
});

t.test('the first record of a log purges nothing', async (t) => {
  t.strictSame(decodeRecord('start'), { kind: 'start' });
});

t.test('a record that cannot be read with certainty counts as everything', async (t) => {
  const fine = { v: 1, t: ['a'], p: [[null, '/']], e: false, s: false, c: 'write' };
  const payloads = [
    '',
    'null',
    '[]',
    '{"v":1',
    ...[{ v: 2 }, { t: 'a' }, { t: [1] }, { p: ['/'] }, { p: [[1, '/']] }, { e: 'no' }, { s: undefined }].map(
      (change) => JSON.stringify({ ...fine, ...change }),
    ),
  ];
  for (const payload of payloads) {
    t.match(decodeRecord(payload), { kind: 'purge', purge: everythingPurge }, payload);
  }
  const { purge } = decodeRecord(JSON.stringify({ ...fine, r: 7 })) as { purge: object };
  t.notOk('rule' in purge);
  t.match(decodeRecord(JSON.stringify({ ...fine, r: 'edit' })), { purge: { rule: 'edit' } });
  t.match(decodeRecord(JSON.stringify({ ...fine, c: 'later' })), {
    purge: { everything: false, cause: 'write' },
  });
});
