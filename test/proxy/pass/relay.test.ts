import t from 'tap';
import { combinedValue } from '../../../src/http/fields.ts';
import { type PassCause, relay } from '../../../src/proxy/pass/relay.ts';
import type { OriginReceiver, OriginRequest } from '../../../src/origin/call.ts';
import type { Origin } from '../../../src/origin/origin.ts';
import { OriginHealth } from '../../../src/origin/origin-health.ts';
import { type Asked, exchangeBut } from '../exchange-but.ts';

const rules = 'unmatched: standard';

/** A request on its way to an origin that says what the test says. */
function relaying(reason: PassCause['reason'], asked: Asked = {}) {
  let sent: OriginRequest | undefined;
  let aborted = false;
  let receiver: OriginReceiver | undefined;
  const origin: Origin = {
    send: (request, given) => {
      sent = request;
      receiver = given;
      return { resume: () => undefined, abort: () => void (aborted = true) };
    },
    health: new OriginHealth(),
    forward: undefined as never,
    close: () => Promise.resolve(),
  };
  const test = exchangeBut(rules, asked, { origin });
  const over = relay(test.exchange, { reason });
  if (receiver === undefined) throw new Error('nothing was sent');
  return { ...test, over, sent, receiver, isAborted: () => aborted };
}

const head = { status: 200, fields: ['X-A', 'b'], reasonPhrase: 'OK', framing: 'chunked' } as const;

t.test('the answer of a write is relayed when what it made stale is ended', async (t) => {
  const { over, sent, receiver, written, outcomes, exchange } = relaying('method', { method: 'POST' });
  t.match(sent, { method: 'POST', isWrite: true });
  const { seq } = exchange.services.purgeLog.position();
  receiver.onHead(head);
  t.equal(receiver.onData(Buffer.from('bo')), false, 'its body waits');
  t.equal(receiver.onData(Buffer.from('dy')), false);
  t.equal(written.status, undefined);
  receiver.onEnd([]);
  await over;
  t.ok(exchange.services.purgeLog.position().seq > seq);
  t.match(written, { status: 200, body: 'body', end: 'ended' });
  t.match(combinedValue(written.fields, 'cache-status'), /fwd=method$/);
  t.match(outcomes, [{ kind: 'pass', status: 200, pass: 'method' }]);
});

t.test('a write that fails after it was sent, or whose client leaves, may have happened', async (t) => {
  for (const [sent, isEnded] of [
    [true, true],
    [false, false],
  ] as const) {
    const { exchange, over, receiver, written, outcomes } = relaying('method', { method: 'POST' });
    const { seq } = exchange.services.purgeLog.position();
    receiver.onFailure({ reason: 'reset', sent });
    await over;
    t.equal(exchange.services.purgeLog.position().seq > seq, isEnded);
    t.equal(written.status, 502);
    t.match(outcomes, [{ kind: 'failed', failure: 'reset' }]);
  }
});

t.test('a purge that cannot be recorded is an error of ours, and the answer is not given', async (t) => {
  const { over, receiver, written, exchange, isAborted } = relaying('method', { method: 'POST' });
  exchange.services.purgeLog.append = () => Promise.reject(new Error('no log'));
  receiver.onHead(head);
  receiver.onData(Buffer.from('body'));
  await t.rejects(over, { message: 'no log' });
  t.equal(written.status, undefined);
  t.ok(isAborted());
});

t.test('a GET is relayed piece by piece, its head with the first one', async (t) => {
  const { over, sent, receiver, written, outcomes } = relaying('rule');
  t.match(sent, { method: 'GET', target: '/a/1', isWrite: false });
  receiver.onHead(head);
  t.equal(written.status, undefined);
  receiver.onData(Buffer.from('body'));
  receiver.onEnd([]);
  await over;
  t.match(written, { status: 200, body: 'body', end: 'ended' });
  t.match(combinedValue(written.fields, 'cache-status'), /fwd=bypass; detail=rule/);
  t.match(outcomes, [{ kind: 'pass', status: 200, pass: 'rule' }]);
});

t.test('before the first piece a failure is told, after it the answer is cut', async (t) => {
  for (const [pieces, expected] of [
    [0, { status: 502, end: 'ended' }],
    [1, { status: 200, end: 'cut' }],
  ] as const) {
    const { over, receiver, written, outcomes } = relaying('rule');
    receiver.onHead(head);
    if (pieces > 0) receiver.onData(Buffer.from('body'));
    receiver.onFailure({ reason: 'truncated', sent: true });
    await over;
    t.match(written, expected);
    t.match(outcomes, [{ kind: 'failed', failure: 'truncated' }]);
  }
});

t.test(
  'a GET that may act is a write: sent once, ended before its answer, not aborted when its client goes',
  async (t) => {
    const { over, sent, receiver, exchange, written, isAborted } = relaying('method-override', {
      fields: ['X-HTTP-Method-Override', 'DELETE'],
    });
    t.equal(sent?.isWrite, true);
    const { seq } = exchange.services.purgeLog.position();
    receiver.onHead(head);
    t.equal(receiver.onData(Buffer.from('body')), false, 'the head has not been released');
    receiver.onEnd([]);
    await over;
    t.ok(exchange.services.purgeLog.position().seq > seq);
    t.match(written, { status: 200, body: 'body', end: 'ended' });
    const gone = relaying('method-override', { fields: ['X-HTTP-Method-Override', 'DELETE'] });
    gone.written.gone();
    const plain = relaying('rule');
    plain.written.gone();
    t.strictSame([isAborted(), gone.isAborted(), plain.isAborted()], [false, false, true]);
  },
);
