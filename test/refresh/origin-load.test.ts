/** What the governor hears of the origin's calls: how many are under way, and how the origin does. */
import t from 'tap';
import type { OriginNews } from '../../src/origin/trouble.ts';
import { OriginLoad } from '../../src/refresh/origin-load.ts';
import type { OriginSample } from '../../src/refresh/pressure.ts';

const end = { duration: 0 as never, status: 200, failure: undefined };

function setUp() {
  const samples: OriginSample[] = [];
  const rooms: number[] = [];
  const load = new OriginLoad({
    onSample: (sample) => samples.push(sample),
    onRoom: () => rooms.push(load.inFlight()),
  });
  const { listener } = load;
  return {
    load,
    samples,
    rooms,
    begin: () => listener.onBegin?.(),
    answer: (news: OriginNews | undefined, hasBody = false): void => {
      listener.onAnswer?.(news, { startedMs: 10, nowMs: 35, probe: undefined, hasBody });
    },
    end: () => listener.onEnd?.(end),
  };
}

t.test('a call is waited for until its answer begins, and under way until it ends', (t) => {
  const { load, rooms, begin, answer, end } = setUp();
  begin();
  begin();
  t.strictSame([load.inFlight(), load.waiting()], [2, 2]);
  answer({ kind: 'answered', status: 200 });
  t.strictSame([load.inFlight(), load.waiting()], [2, 1]);
  end();
  t.strictSame([load.inFlight(), load.waiting(), rooms], [1, 1, [1]]);
  t.end();
});

const cases: readonly (readonly [string, OriginNews | undefined, boolean, boolean | undefined])[] = [
  ['a page', { kind: 'answered', status: 200 }, false, false],
  ['a missing page', { kind: 'answered', status: 404 }, false, false],
  ['too many requests', { kind: 'answered', status: 429 }, false, true],
  ['an error', { kind: 'answered', status: 500 }, false, true],
  ['a method that is not implemented', { kind: 'answered', status: 501 }, false, false],
  ['no answer in time', { kind: 'failed', reason: 'head-timeout' }, false, true],
  ['a client that leaves', { kind: 'failed', reason: 'aborted' }, false, undefined],
  ['a failure that says nothing of the origin', undefined, false, undefined],
  ['an upload, at its client’s pace', { kind: 'answered', status: 200 }, true, undefined],
];
for (const [name, news, hasBody, isError] of cases) {
  t.test(`${name}: ${isError === undefined ? 'no sample' : isError ? 'an error' : 'no error'}`, (t) => {
    const { samples, begin, answer } = setUp();
    begin();
    answer(news, hasBody);
    t.strictSame(samples, isError === undefined ? [] : [{ headMs: 25, isError }]);
    t.end();
  });
}
