import t from 'tap';
import { ClientSide } from '../../../src/proxy/fetch/client-side.ts';
import { FillBody } from '../../../src/proxy/fetch/fill-body.ts';
import { seconds } from '../../../src/kit/time.ts';
import { exchangeBut } from '../exchange-but.ts';
import { ledBut } from './fill-input-but.ts';

const silent = { onShare: () => undefined, onFlow: () => undefined, onSlow: () => undefined };

function filling(isBackground = false) {
  const { exchange, written, timers, storedBut } = exchangeBut(
    'unmatched: standard\nstore: { max_object: 1KiB }',
  );
  const { flight, input } = ledBut(exchange, { isBackground });
  const hooks = { onDrain: () => undefined, onGone: () => undefined };
  const client = new ClientSide(exchange, isBackground ? undefined : hooks);
  const body = new FillBody(input, client);
  return { body, client, flight, written, timers, exchange, storedBut };
}

t.test('a body is kept as it comes, up to the largest that is stored', async (t) => {
  const { body, exchange } = filling();
  t.equal(body.add(Buffer.from('early')).fate, 'kept', 'nothing is kept yet');
  t.strictSame([body.isKept, body.whole()], [false, undefined]);
  body.keep([], silent);
  body.add(Buffer.from('a piece'));
  t.equal(body.whole()?.toString(), 'a piece');
  t.equal(body.add(Buffer.alloc(1024)).fate, 'too-large');
  body.free();
  t.strictSame([body.isKept, body.chunks, exchange.services.bodyRoom.kept], [false, [], 0]);
});

t.test('it is needed by its client, by those who wait or read along, or in the background', async (t) => {
  t.equal(filling(true).body.isNeeded, true);
  const { body, client, flight, storedBut } = filling();
  t.equal(body.isNeeded, true, 'its client');
  client.handOver();
  t.equal(body.isNeeded, false);
  const waits = flight.wait(seconds(60));
  t.equal(body.isNeeded, true, 'one waits');
  body.keep([], silent);
  body.add(Buffer.from('so far'));
  body.share(storedBut(), { onLeft: () => undefined, resume: () => undefined });
  t.strictSame([(await waits).kind, body.isNeeded], ['begun', false]);
  const other = exchangeBut('unmatched: standard');
  const reader = new ClientSide(other.exchange, { onDrain: () => undefined, onGone: () => undefined });
  reader.stream({ status: 200, fields: [], reasonPhrase: '' }, 'shelflife');
  const follower = { client: reader, onOver: () => undefined };
  const { shared } = flight.info;
  shared?.follow(follower);
  t.strictSame([body.isNeeded, body.hasFollowers, other.written.body], [true, true, 'so far']);
  shared?.leave(follower);
  t.equal(body.isNeeded, false);
  body.end([]);
  t.equal(flight.info.shared, undefined, 'nobody else may read it along');
});
