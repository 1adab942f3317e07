import t from 'tap';
import { combinedValue } from '../../../src/http/fields.ts';
import { seconds } from '../../../src/kit/time.ts';
import { ClientSide } from '../../../src/proxy/fetch/client-side.ts';
import { entryBut } from '../../store/entry.ts';
import { exchangeBut } from '../exchange-but.ts';

const head = { status: 200, fields: ['X-A', 'b'], reasonPhrase: '' };
const refused = { reason: 'refused', sent: false } as const;
const hit = { cacheStatus: { kind: 'hit', ttl: seconds(1) }, age: seconds(1) } as const;

function waiting() {
  const { exchange, written } = exchangeBut('unmatched: standard');
  const gone: boolean[] = [];
  const hooks = { onDrain: () => undefined, onGone: (was: boolean) => void gone.push(was) };
  return { client: new ClientSide(exchange, hooks), written, gone };
}

t.test(
  'a head is sent with the first piece; until then a failure or a stored response may be given',
  async (t) => {
    for (const [instead, expected] of [
      [undefined, { status: 200, body: 'piece', end: 'ended' }],
      ['failure', { status: 502, end: 'ended' }],
      ['entry', { status: 200, body: '<p>page</p>', end: 'ended' }],
    ] as const) {
      const { client, written } = waiting();
      client.stream(head, 'shelflife; x');
      t.strictSame([client.isUntold, client.isStreaming, written.status], [true, true, undefined]);
      if (instead === 'failure') client.fail(refused, 'shelflife');
      else if (instead === 'entry') client.fromEntry(entryBut(), hit);
      else {
        client.write(Buffer.from('piece'));
        t.equal(client.isUntold, false);
        client.end([]);
      }
      t.match(written, expected);
      t.equal(client.status, expected.status);
      t.equal(client.isDone, true);
    }
  },
);

t.test('after the first piece a failure cuts, and nothing stored is given', async (t) => {
  const { client, written } = waiting();
  client.stream(head, 'shelflife; x');
  client.write(Buffer.from('piece'));
  t.equal(combinedValue(written.fields, 'cache-status'), 'shelflife; x');
  client.fail(refused, 'shelflife');
  client.fromEntry(entryBut(), hit);
  t.match(written, { status: 200, body: 'piece', end: 'cut' });
});

t.test('a client that is held, gone or handed over gets no piece', async (t) => {
  for (const change of ['hold', 'gone', 'handOver'] as const) {
    const { client, written, gone } = waiting();
    if (change === 'gone') written.gone();
    else client[change]();
    t.equal(client.write(Buffer.from('piece')), true, change);
    t.equal(written.body, '');
    t.strictSame(gone, change === 'gone' ? [false] : []);
    t.strictSame(
      [client.isHolding, client.isHandedOver, client.isDone],
      [change === 'hold', change === 'handOver', change !== 'hold'],
    );
  }
});

t.test('one that leaves in the middle is told of, unless the fetch is over', async (t) => {
  const [one, other] = [waiting(), waiting()];
  for (const { client } of [one, other]) client.stream(head, 'x');
  other.client.leave();
  for (const { written } of [one, other]) written.gone();
  t.strictSame([one.gone, other.gone], [[true], []]);
  one.client.write(Buffer.from('late'));
  t.match(one.written, { status: undefined, body: '' });
});

t.test('in the background there is nobody; a 304 has no body', async (t) => {
  const { exchange, written } = exchangeBut('unmatched: standard');
  t.equal(new ClientSide(exchange, undefined).isDone, true);
  const client = new ClientSide(exchange, { onDrain: () => undefined, onGone: () => undefined });
  client.notModified(['ETag', '"1"'], 'x');
  t.match(written, { status: 304, body: '', end: 'ended' });
  t.equal(client.status, 304);
});
