/** store/purge-log.ts: which stored responses a purge ends, by the order of purges and fills. */
import t from 'tap';
import { LocalPurgeLog, matcherOf, type Purge, type PurgeSubject } from '../../src/store/purge-log.ts';
import { toTag } from '../../src/policy/rules/tags.ts';
import { tagsOf } from './entry.ts';

/** A hard purge of nothing, with changes. */
const purgeBut = (change: Partial<Purge>): Purge => ({
  tags: [],
  prefixes: [],
  everything: false,
  soft: false,
  cause: 'write',
  ...change,
});

const subjectOf = (log: LocalPurgeLog, change: Partial<PurgeSubject> = {}): PurgeSubject => ({
  asOf: log.position(),
  tags: tagsOf('a', 'b'),
  host: 'example.org',
  target: '/docs/intro?x=1',
  ...change,
});

const verdictAfter = async (purges: readonly Partial<Purge>[], change: Partial<PurgeSubject> = {}) => {
  const log = new LocalPurgeLog('one');
  const subject = subjectOf(log, change);
  for (const purge of purges) await log.append(purgeBut(purge));
  return log.verdict(subject);
};

const purged = { kind: 'purged', cause: 'write' } as const;
const current = { kind: 'current' } as const;

t.test('a purge ends older entries with its tag, and nothing else', async (t) => {
  t.strictSame(await verdictAfter([]), current);
  t.strictSame(await verdictAfter([{ tags: tagsOf('x', 'b') }]), purged);
  t.strictSame(await verdictAfter([{ tags: tagsOf('x') }]), current);
  t.strictSame(await verdictAfter([{ tags: tagsOf('a') }], { tags: [] }), current);
});

t.test('of several purges the first one ended it, whichever tag it named', async (t) => {
  const [first, later] = [
    { tags: tagsOf('b'), rule: 'edit' },
    { tags: tagsOf('a'), rule: 'beacon' },
  ];
  t.strictSame(await verdictAfter([first, later]), { ...purged, rule: 'edit' });
  t.strictSame(await verdictAfter([first, { everything: true, cause: 'api' }]), { ...purged, rule: 'edit' });
});

t.test('a purge of everything ends all entries', async (t) => {
  t.strictSame(await verdictAfter([{ everything: true }], { tags: [] }), purged);
});

t.test('a prefix ends entries below it, on its host or on all hosts', async (t) => {
  const prefix = (start: string, host?: string) => verdictAfter([{ prefixes: [{ host, start }] }]);
  t.strictSame(await prefix('/docs/'), purged);
  t.strictSame(await prefix('/docs/', 'example.org'), purged);
  t.strictSame(await prefix('/docs/', 'other.org'), current);
  t.strictSame(await prefix('/doc/'), current);
});

t.test('a soft purge makes entries stale; a hard one before or after it ends them', async (t) => {
  const tags = tagsOf('a');
  t.strictSame(await verdictAfter([{ tags, soft: true, cause: 'api' }]), {
    kind: 'stale',
    cause: 'api',
  });
  t.strictSame(await verdictAfter([{ tags, soft: true }, { tags }]), purged);
  t.strictSame(await verdictAfter([{ tags }, { tags, soft: true }]), purged);
});

t.test('an entry requested after the purge is current; a fetch in flight is not', async (t) => {
  const log = new LocalPurgeLog('one');
  const before = subjectOf(log);
  await log.append(purgeBut({ tags: tagsOf('a') }));
  const after = subjectOf(log);
  t.strictSame(log.verdict(before), purged);
  t.strictSame(log.verdict(after), current);
  await log.append(purgeBut({ tags: tagsOf('unrelated') }));
  t.strictSame(log.verdict(after), current);
  await log.append(purgeBut({ tags: tagsOf('b') }));
  t.strictSame(log.verdict(after), purged, 'found current before, purged since');
});

t.test('a purge is in force from the call on, before anything is awaited', async (t) => {
  const log = new LocalPurgeLog('one');
  const subject = subjectOf(log);
  const receipt = log.append(purgeBut({ everything: true }));
  t.strictSame(log.verdict(subject), purged);
  t.strictSame(await receipt, { instances: { known: 1, acknowledged: 1 } });
});

t.test('an entry filled under another log, or before what this one knows, is not current', async (t) => {
  const forgotten = { kind: 'purged', cause: 'forgotten' } as const;
  const log = new LocalPurgeLog('one', 7);
  t.strictSame(log.verdict(subjectOf(log, { asOf: { log: 'two', seq: 7 } })), forgotten);
  t.strictSame(log.verdict(subjectOf(log, { asOf: { log: 'one', seq: 6 } })), forgotten);
  t.strictSame(log.verdict(subjectOf(log)), current);
  t.strictSame(log.verdict(subjectOf(log, { asOf: { log: 'one', seq: 9 } })), current, 'filled by one ahead');
  log.record(10, purgeBut({ tags: tagsOf('a') }));
  t.strictSame(log.verdict(subjectOf(log, { asOf: { log: 'one', seq: 9 } })), purged);
});

t.test('with more tags or prefixes than it remembers, older entries are not current', async (t) => {
  const log = new LocalPurgeLog('one');
  const first = subjectOf(log, { tags: [] });
  await log.append(purgeBut({ tags: tagsOf('first') }));
  const second = subjectOf(log, { tags: [] });
  await log.append(purgeBut({ tags: Array.from({ length: 200_000 }, (_, at) => toTag(`t${at}`)) }));
  t.strictSame(log.verdict(first), { kind: 'purged', cause: 'forgotten' });
  t.strictSame(log.verdict(second), current, 'no purge it could have met is forgotten');
  const third = subjectOf(log, { tags: [] });
  for (let at = 0; at <= 1000; at += 1) {
    await log.append(purgeBut({ prefixes: [{ host: undefined, start: `/p${at}/` }] }));
  }
  t.strictSame(log.verdict(third), { kind: 'purged', cause: 'forgotten' });
});

t.test('whether a purge would match an entry does not depend on the order of purges', async (t) => {
  const log = new LocalPurgeLog('one');
  const subject = subjectOf(log);
  t.equal(matcherOf(purgeBut({ tags: tagsOf('b') }))(subject), true);
  t.equal(matcherOf(purgeBut({ prefixes: [{ host: undefined, start: '/docs' }] }))(subject), true);
  t.equal(matcherOf(purgeBut({ everything: true }))(subject), true);
  t.equal(matcherOf(purgeBut({ tags: tagsOf('c') }))(subject), false);
  t.strictSame(log.verdict(subject), current, 'asking changes nothing');
});
