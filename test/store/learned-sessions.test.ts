import t from 'tap';
import { LearnedSessionMap } from '../../src/store/learned-sessions.ts';

t.test('only cookies that were learned are trusted, and of too many those seen last', async (t) => {
  const learned = new LearnedSessionMap();
  t.equal(learned.isTrusted('first'), false);
  learned.trust('first');
  t.equal(learned.isTrusted('first'), true);
  for (let count = 0; count < 200_000; count += 1) learned.trust(`later ${count}`);
  t.strictSame([learned.isTrusted('first'), learned.isTrusted('later 199999')], [false, true]);
});
