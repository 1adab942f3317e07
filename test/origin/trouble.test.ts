import t from 'tap';
import {
  asksForLess,
  asksInVain,
  breakerVerdict,
  countsAsError,
  countsAsFailedWork,
  failsEverybody,
  isOriginError,
  isPassing,
  leavesStored,
  type OriginNews,
  tellsOfOrigin,
} from '../../src/origin/trouble.ts';

const statuses = Array.from({ length: 600 }, (_, status) => status);
const among = (isTrouble: (status: number) => boolean): number[] => statuses.filter(isTrouble);
const answered = (status: number): OriginNews => ({ kind: 'answered', status });
const from500 = statuses.slice(500);

t.test('RFC 5861 §4: what counts as an error', (t) => {
  t.same(among(isOriginError), [500, 502, 503, 504]);
  t.end();
});

t.test('each question has its own statuses', (t) => {
  const no501 = from500.filter((status) => status !== 501);
  t.same(
    among((status) => leavesStored(status, false)),
    [429, 500, 502, 503, 504],
  );
  t.same(
    among((status) => leavesStored(status, true)),
    [429, ...from500],
  );
  t.same(among(countsAsError), no501);
  t.same(
    among((status) => asksForLess(answered(status))),
    [429, ...no501],
  );
  t.same(
    among((status) => asksInVain({ status, failure: undefined })),
    [429, ...from500],
  );
  t.same(
    among((status) => countsAsFailedWork({ status, failure: undefined })),
    from500,
  );
  t.same(among(isPassing), from500);
  t.same(
    among((status) => breakerVerdict(answered(status)) === 'failure'),
    [502, 503, 504],
  );
  t.end();
});

const reasons = {
  refused: [true, 'failure', true],
  'tls-certificate': [true, 'failure', true],
  'head-timeout': [true, 'failure', true],
  reset: [true, 'failure', false],
  truncated: [true, 'nothing', false],
  aborted: [false, 'nothing', false],
} as const;
for (const [name, [isLess, verdict, isShared]] of Object.entries(reasons)) {
  t.test(`no answer, ${name}`, (t) => {
    const reason = name as keyof typeof reasons;
    const news: OriginNews = { kind: 'failed', reason };
    t.equal(asksForLess(news), isLess);
    t.equal(breakerVerdict(news), verdict);
    t.equal(failsEverybody(reason), isShared);
    t.equal(asksInVain({ status: undefined, failure: reason }), true);
    t.equal(asksInVain({ status: 200, failure: reason }), reason !== 'aborted');
    t.equal(countsAsFailedWork({ status: 200, failure: reason }), true);
    t.end();
  });
}

t.test('a failure tells of the origin if it was sent without a body, or if there was no connection', (t) => {
  const tells = (hasBody: boolean, wasSent: boolean): boolean[] =>
    (['reset', 'refused'] as const).map((reason) => tellsOfOrigin(reason, { hasBody, wasSent }));
  t.same(
    [tells(false, true), tells(true, true)],
    [
      [true, true],
      [false, true],
    ],
  );
  t.same(
    [tells(false, false), tells(true, false)],
    [
      [false, true],
      [false, true],
    ],
  );
  t.end();
});
