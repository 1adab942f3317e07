import t from 'tap';
import type { ControlAnswer } from '../../../src/cli/control-client.ts';
import { PurgeQueue, type Selectors } from '../../../src/cli/follow/purge-queue.ts';
import { eventually } from '../../helpers/eventually.ts';

/** A queue, what it has posted, and what the control API answers next. */
function queueWith(tags: readonly string[] = []) {
  const posted: Selectors[] = [];
  const troubles: string[] = [];
  const answers: ControlAnswer[] = [];
  const queue = new PurgeQueue({
    post: (selectors) => {
      posted.push(selectors);
      return Promise.resolve(answers.shift() ?? { kind: 'ok', body: {} });
    },
    tags,
    onPurged: () => undefined,
    onTrouble: (message) => troubles.push(message),
  });
  t.teardown(() => {
    queue.close();
  });
  return { queue, posted, troubles, answers };
}

t.test('users that change at one time are purged together, each once, with the tags', async (t) => {
  const { queue, posted } = queueWith(['shared']);
  for (const user of ['7', '8', '7']) queue.add(user);
  await eventually('a purge', () => posted.length > 0);
  t.same(posted, [{ users: ['7', '8'], tags: ['shared'] }]);
  queue.add('9');
  await eventually('another', () => posted.length > 1);
  t.same(posted[1], { users: ['9'], tags: ['shared'] });
});

t.test('purges that the control API did not accept are sent again, with newer ones', async (t) => {
  const { queue, posted, troubles, answers } = queueWith();
  answers.push({ kind: 'unreachable', message: 'no answer' });
  queue.add('7');
  await eventually('the first try', () => posted.length === 1);
  queue.add('8');
  await eventually('the second', () => posted.length === 2);
  t.same(posted[1]?.users?.toSorted(), ['7', '8']);
  t.same(troubles, ['no answer']);
});

t.test('`everything` replaces all users, and more than a thousand users become `everything`', async (t) => {
  const { queue, posted } = queueWith();
  queue.add('7');
  queue.addEverything();
  queue.add('8');
  await eventually('a purge', () => posted.length === 1);
  t.same(posted, [{ everything: true }]);
  for (let user = 0; user <= 1000; user += 1) queue.add(String(user));
  await eventually('another', () => posted.length === 2);
  t.same(posted[1], { everything: true });
});
