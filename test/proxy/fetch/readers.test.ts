import t from 'tap';
import type { Follower } from '../../../src/proxy/exchange/exchange.ts';
import { ClientSide } from '../../../src/proxy/fetch/client-side.ts';
import { Readers } from '../../../src/proxy/fetch/readers.ts';
import { exchangeBut } from '../exchange-but.ts';

const head = { status: 200, fields: [], reasonPhrase: '' };

/** A client that gets a body as it comes. */
function streaming() {
  const { exchange, written } = exchangeBut('unmatched: standard');
  const client = new ClientSide(exchange, { onDrain: () => undefined, onGone: () => undefined });
  client.stream(head, 'shelflife');
  const overs: unknown[] = [];
  const follower: Follower = { client, onOver: (failure) => overs.push(failure) };
  return { client, written, follower, overs };
}

t.test('one that comes later gets what has come so far, and the rest', async (t) => {
  const [first, late] = [streaming(), streaming()];
  const readers = new Readers(first.client, 10);
  t.equal(readers.write(Buffer.from('a')), true);
  readers.add(late.follower, [Buffer.from('a')]);
  readers.write(Buffer.from('b'));
  t.strictSame([first.written.body, late.written.body, readers.followers], ['ab', 'ab', 1]);
  readers.end([]);
  t.strictSame([late.written.end, late.overs, readers.followers], ['ended', [undefined], 0]);
  t.equal(first.written.end, 'open', 'the first is ended by whoever fetches');
});

t.test('the origin waits only when no reader takes more; who lags too far behind is cut off', async (t) => {
  const [first, other] = [streaming(), streaming()];
  const readers = new Readers(first.client, 10);
  first.written.unsentBytes = 5;
  t.equal(readers.write(Buffer.from('a')), false);
  readers.add(other.follower, []);
  t.equal(readers.write(Buffer.from('b')), true, 'the other takes more');
  other.written.unsentBytes = 10;
  t.equal(readers.write(Buffer.from('c')), false);
  t.strictSame([first.written.end, other.written.end], ['open', 'open']);
  [first.written.unsentBytes, other.written.unsentBytes] = [11, 11];
  readers.write(Buffer.from('d'));
  t.strictSame([first.written.end, other.written.end], ['cut', 'cut']);
});

t.test('when the body breaks off all who read along are cut, but for those who have left', async (t) => {
  const [first, one, left] = [streaming(), streaming(), streaming()];
  const readers = new Readers(first.client, 10);
  for (const { follower } of [one, left]) readers.add(follower, []);
  readers.leave(left.follower);
  readers.fail({ reason: 'reset', sent: true });
  t.strictSame([one.written.end, one.overs], ['cut', ['reset']]);
  t.strictSame([left.written.end, left.overs], ['open', []]);
});
