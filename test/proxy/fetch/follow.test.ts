import t from 'tap';
import { combinedValue } from '../../../src/http/fields.ts';
import type { Follower } from '../../../src/proxy/exchange/exchange.ts';
import { follow } from '../../../src/proxy/fetch/follow.ts';
import type { Entry } from '../../../src/store/store.ts';
import { type Asked, exchangeBut } from '../exchange-but.ts';

const miss = { cause: 'cold', purgedBy: undefined } as const;

/** A request that reads along what is coming, as far as it is there. */
function following(asked: Asked = {}, change: Partial<Entry> = {}) {
  const { exchange, written, outcomes, clock, storedBut } = exchangeBut('unmatched: standard', asked);
  const followers = new Set<Follower>();
  clock.advance(2.5);
  const over = follow(exchange, miss, {
    entry: storedBut({ body: Buffer.alloc(0), ...change }),
    follow: (one) => followers.add(one),
    leave: (one) => followers.delete(one),
    resume: () => undefined,
  });
  return { over, written, outcomes, followers };
}

t.test('it gets the head with its age, and the body as it comes', async (t) => {
  const { over, written, outcomes, followers } = following();
  const [one] = followers;
  one?.client.write(Buffer.from('body'));
  one?.client.end([]);
  one?.onOver(undefined);
  await over;
  t.match(written, { status: 200, body: 'body', end: 'ended' });
  t.equal(combinedValue(written.fields, 'age'), '2');
  t.match(combinedValue(written.fields, 'cache-status'), 'fwd=uri-miss; collapsed');
  t.match(outcomes, [{ kind: 'forward', status: 200, miss: 'cold' }]);
});

t.test('a HEAD, and a client that has it already, need no body', async (t) => {
  for (const [asked, status] of [
    [{ method: 'HEAD' }, 200],
    [{ fields: ['If-None-Match', '"1"'] }, 304],
  ] as const) {
    const { over, written, outcomes, followers } = following(asked);
    await over;
    t.match(written, { status, body: '', end: 'ended' });
    t.strictSame([followers.size, outcomes[0]?.status], [0, status]);
  }
});

t.test('what it may not have from the store it may not read along', async (t) => {
  const selection = { names: ['cookie'], values: ['a=b'], contentEncoding: null, contentLanguage: null };
  t.equal(following({}, { selection }).over, undefined);
  t.equal(following({ fields: ['Cache-Control', 'max-age=1'] }).over, undefined);
});

t.test('a client that leaves is no follower any more; a body that breaks off is a failure', async (t) => {
  const left = following();
  left.written.gone();
  await left.over;
  t.equal(left.followers.size, 0);
  t.match(left.outcomes, [{ kind: 'forward', failure: 'aborted' }]);
  const cut = following();
  for (const { onOver } of cut.followers) onOver('reset');
  await cut.over;
  t.match(cut.outcomes, [{ kind: 'failed', failure: 'reset' }]);
});
