/** The dashboard's Hebrew has every word of the proxy's closed sets, so a new reason without a translation fails here. */
import t from 'tap';
import { seconds } from '../../src/kit/time.ts';
import type { StaleReason, ValidateReason } from '../../src/http/reuse.ts';
import type { BadTarget } from '../../src/http/target.ts';
import type { IdentityDoubt } from '../../src/policy/identity/identity.ts';
import type { RefusalReason } from '../../src/proxy/exchange/client-request.ts';
import type { ExplainStep } from '../../src/explain/explain-request.ts';
import type { NotStoredReason, PassReason } from '../../src/proxy/exchange/outcome.ts';
import type { PurgeCause } from '../../src/store/purge-log.ts';
import type { Cause } from '../../src/watch/count/miss-reason.ts';
import type { Unjudged } from '../../src/trust/judge.ts';
import type { StaleCause } from '../../src/trust/ledger.ts';
import type { NoiseKind } from '../../src/trust/noise.ts';
import type { QuarantineReason } from '../../src/trust/quarantine.ts';
import type { SharedDoubt } from '../../src/trust/advice/same-for-all.ts';
import { reasonToRollBack } from '../../src/trust/rollout-evidence.ts';

type All<Word extends string> = Readonly<Record<Word, true>>;

const purgeCauses: All<PurgeCause | 'forgotten'> = {
  write: true,
  'unmatched-write': true,
  api: true,
  group: true,
  app: true,
  reload: true,
  forgotten: true,
};

const passes: All<PassReason> = {
  rule: true,
  unmatched: true,
  method: true,
  'write-rule': true,
  'ambiguous-path': true,
  'request-body': true,
  'method-override': true,
  precondition: true,
  upgrade: true,
  identity: true,
  'acme-challenge': true,
  quarantine: true,
  shadow: true,
};

const doubts: All<IdentityDoubt> = {
  'several-cookie-lines': true,
  'odd-cookie-syntax': true,
  'duplicate-credential': true,
  'lookalike-credential': true,
  'several-authorizations': true,
  'bad-session-signature': true,
  'session-out-of-date': true,
  'unreadable-session': true,
  'credential-without-session': true,
  'several-tokens': true,
  'bad-token': true,
  'unknown-credential': true,
};

const notStored: All<NotStoredReason> = {
  method: true,
  'interim-status': true,
  'status-of-this-request': true,
  'status-never-stored': true,
  'status-not-understood': true,
  'partial-content': true,
  'request-no-store': true,
  'no-store': true,
  private: true,
  authorization: true,
  'vary-any': true,
  'post-without-content-location': true,
  'not-cacheable-by-default': true,
  'never-reusable': true,
  'status-not-listed': true,
  'set-cookie': true,
  unless: true,
  'too-large': true,
  'no-room': true,
  stream: true,
  'slow-body': true,
  'too-many-tags': true,
  'unverified-length': true,
  truncated: true,
  'broken-coding': true,
  'purged-during-fetch': true,
  'zero-lifetime': true,
  'head-request': true,
  'conditional-request': true,
  'not-asked': true,
};

const refusals: All<RefusalReason | 'asterisk'> = {
  'bad-target': true,
  'target-too-long': true,
  'too-many-fields': true,
  'bad-host': true,
  'several-hosts': true,
  'other-host': true,
  'unserved-host': true,
  'bad-framing': true,
  'bad-connection-option': true,
  expectation: true,
  'method-not-allowed': true,
  asterisk: true,
};

const targetFaults: All<BadTarget> = {
  'too-long': true,
  'not-a-path': true,
  'bad-scheme': true,
  'bad-authority': true,
  'control-character': true,
  space: true,
  fragment: true,
  backslash: true,
  'dot-segment-with-parameter': true,
  'bad-escape': true,
  'not-a-byte': true,
  'too-many-readings': true,
};

const reuses: All<ValidateReason | StaleReason> = {
  'no-cache': true,
  stale: true,
  'request-no-cache': true,
  'request-max-age': true,
  'request-min-fresh': true,
  'stale-while-revalidate': true,
  'max-stale': true,
};

const missCauses: All<Cause> = {
  cold: true,
  expired: true,
  purged: true,
  evicted: true,
  vary: true,
  partial: true,
  'client-reload': true,
  identity: true,
  pass: true,
  uncacheable: true,
  'store-down': true,
  'collapsed-failed': true,
};

const stepNames: All<ExplainStep['step']> = {
  target: true,
  route: true,
  'content type': true,
  identity: true,
  pass: true,
  'request directives': true,
  key: true,
  'stored entry': true,
  answer: true,
  origin: true,
  storing: true,
  ttl: true,
  tags: true,
  'makes stale': true,
};

const unjudgedReasons: All<Unjudged> = {
  'no-answer': true,
  'origin-error': true,
  head: true,
  'not-modified': true,
  'too-large': true,
  unseen: true,
  ended: true,
  'not-sampled': true,
  'not-comparable': true,
};
const reasons: All<QuarantineReason> = {
  'session-echo': true,
  'names-its-reader': true,
  'differs-by-identity': true,
};
const noiseKinds: All<NoiseKind> = {
  'csrf-token': true,
  nonce: true,
  clock: true,
  'request-id': true,
  token: true,
  number: true,
  other: true,
};
const sharedDoubts: All<SharedDoubt> = {
  differs: true,
  unsettled: true,
  'sets-cookie': true,
  private: true,
  'varies-by-person': true,
  refused: true,
  'too-large': true,
  'write-changes-it': true,
  'few-people': true,
  'few-answers': true,
  'few-pages': true,
  'anonymous-unseen': true,
};
const staleCauses: All<StaleCause> = { write: true, time: true };

type Words = Readonly<Record<string, Readonly<Record<string, string>>>>;
const load = async (file: string): Promise<Words> =>
  (await import(new URL(`../../src/control/dashboard/${file}`, import.meta.url).href)) as Words;

const sets = { purgeCauses, passes, doubts, notStored, refusals, targetFaults, reuses, missCauses };

t.test('every reason has a Hebrew text, and every Hebrew text has a reason', async (t) => {
  const words = await load('reasons-he.js');
  for (const [name, set] of Object.entries(sets))
    t.strictSame(Object.keys(words[name] ?? {}).sort(), Object.keys(set).sort(), name);
  const steps = await load('explain-he.js');
  t.strictSame(Object.keys(steps['stepNames'] ?? {}).sort(), Object.keys(stepNames).sort(), 'steps');
});

t.test('both languages have the same words', async (t) => {
  const { en = {} } = await load('words-en.js');
  const { he = {} } = await load('words-he.js');
  t.strictSame(Object.keys(he).sort(), Object.keys(en).sort());
  t.strictSame(Object.keys(he['causes'] ?? {}).sort(), Object.keys(en['causes'] ?? {}).sort());
  t.strictSame(Object.keys(he['purgeCauses'] ?? {}).sort(), Object.keys(en['purgeCauses'] ?? {}).sort());
});

t.test('the page on trust has the words of every closed set, in both languages', async (t) => {
  const [{ trustEn = {} }, { trustHe = {} }] = [
    await load('words-trust-en.js'),
    await load('words-trust-he.js'),
  ];
  t.strictSame(Object.keys(trustHe).sort(), Object.keys(trustEn).sort());
  const sets = { doubts: sharedDoubts, unjudgedReasons, reasons, noiseKinds, causes: staleCauses };
  for (const words of [trustEn, trustHe] as Readonly<Record<string, unknown>>[])
    for (const [name, set] of Object.entries(sets))
      t.strictSame(Object.keys(words[name] ?? {}).sort(), Object.keys(set).sort(), name);
});

t.test('why a rollout ended is said in Hebrew, with its numbers', async (t) => {
  const { trustHe } = (await load('words-trust-he.js')) as unknown as {
    trustHe: { whyText: (why: string) => string };
  };
  const none = { compared: 0, stale: 0, answers: 0, errors: 0, shadowAnswers: 0, shadowErrors: 0 };
  const bounds = { staleAbove: 0.001, errorRateAbove: 0.05, minRequests: 1 };
  const all = { ...none, compared: 20, stale: 3 };
  const bad = { ...none, answers: 40, errors: 30, shadowAnswers: 60 };
  for (const [sums, numbers] of [
    [all, ['3', '20', '0.1%']],
    [bad, ['30', '40', '5%', '60']],
  ] as const) {
    const text = trustHe.whyText(reasonToRollBack({ ...bounds, for: seconds(300) }, sums) ?? '');
    t.notMatch(text, /[A-Za-z]/);
    for (const number of numbers) t.ok(text.includes(number), `${number} in ${text}`);
  }
});
