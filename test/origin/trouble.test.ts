import t from 'tap';
import {
  asksForLess,
  breakerVerdict,
  countsAsError,
  isOriginError,
  leavesStored,
  type OriginNews,
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
    among((status) => breakerVerdict(answered(status)) === 'failure'),
    [502, 503, 504],
  );
  t.end();
});

const reasons = {
  refused: [true, 'failure'],
  'tls-certificate': [true, 'failure'],
  'head-timeout': [true, 'failure'],
  truncated: [true, 'nothing'],
  aborted: [false, 'nothing'],
} as const;
for (const [reason, [isLess, verdict]] of Object.entries(reasons)) {
  t.test(`no answer, ${reason}`, (t) => {
    const news: OriginNews = { kind: 'failed', reason: reason as keyof typeof reasons };
    t.equal(asksForLess(news), isLess);
    t.equal(breakerVerdict(news), verdict);
    t.end();
  });
}
