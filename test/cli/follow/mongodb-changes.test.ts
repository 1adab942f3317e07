/** A stand-in for the driver that returns what change streams return. */

import t from 'tap';
import { followChanges, type MongoDriver } from '../../../src/cli/follow/mongodb-changes.ts';

type Step = readonly unknown[] | Error;

/** A driver whose streams give these changes, one stream after the other; the last one ends the following. */
function driverOf(streams: readonly Step[][], controller: AbortController) {
  const watched: {
    name: string | undefined;
    pipeline: readonly unknown[];
    options: Record<string, unknown>;
  }[] = [];
  const driver: MongoDriver = {
    MongoClient: class {
      db(name?: string) {
        return {
          watch: (pipeline: readonly unknown[], options: Readonly<Record<string, unknown>>) => {
            watched.push({ name, pipeline, options });
            const changes = play(streams[watched.length - 1] ?? [], watched.length >= streams.length);
            const tryNext = async (): Promise<unknown> => {
              const { value, done } = await changes.next();
              return done === true ? null : value;
            };
            return Object.assign(changes, { tryNext, close: () => Promise.resolve() });
          },
        };
      }
      close() {
        return Promise.resolve();
      }
    },
  };
  async function* play(steps: readonly Step[], isLast: boolean) {
    await Promise.resolve();
    for (const step of steps) {
      if (step instanceof Error) throw step;
      yield* step;
    }
    if (isLast) controller.abort();
  }
  return { driver, watched };
}

async function followed(streams: readonly Step[][]) {
  const controller = new AbortController();
  const { driver, watched } = driverOf(streams, controller);
  const told: string[] = [];
  await followChanges(driver, {
    url: 'mongodb://x/app',
    database: 'bot',
    collections: ['files'],
    userField: 'owner.id',
    onUser: (user) => told.push(user),
    onGap: () => told.push('gap'),
    onTrouble: (message) => told.push(message),
    signal: controller.signal,
  });
  return { told, watched };
}

const of = (token: number, id: unknown, before?: unknown) => ({
  _id: token,
  fullDocument: { owner: { id } },
  ...(before === undefined ? {} : { fullDocumentBeforeChange: { owner: { id: before } } }),
});

t.test('each changed document names its user, also the user before the change', async (t) => {
  const { told, watched } = await followed([[[of(1, 7), of(2, 'a', 8)]]]);
  t.same(told, ['gap', '7', 'a', '8']);
  t.equal(watched[0]?.name, 'bot');
  t.match(watched[0]?.pipeline, [{ $match: { 'ns.coll': { $in: ['files'] } } }]);
});

t.test('a change that names no user may concern any user', async (t) => {
  const { told } = await followed([[[{ _id: 1, operationType: 'delete' }]]]);
  t.same(told, ['gap', 'gap']);
});

t.test('a broken stream is resumed where it was; a position the server has forgotten is a gap', async (t) => {
  const lost = Object.assign(new Error('history lost'), { code: 286 });
  const { told, watched } = await followed([[[of(1, 7)], new Error('reset')], [lost], [[of(9, 8)]]]);
  t.same(told, ['gap', '7', 'reset', 'history lost', 'gap', '8']);
  t.same(
    watched.map(({ options }) => options['resumeAfter']),
    [undefined, 1, undefined],
  );
});
