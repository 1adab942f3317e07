import t from 'tap';
import { combinedValue } from '../../../src/http/fields.ts';
import { type Forwarded, pass, type PassInput } from '../../../src/proxy/pass/pass.ts';
import { type Asked, exchangeBut } from '../exchange-but.ts';

const rules = 'unmatched: standard';

/** A request on its way through @fastify/http-proxy. */
function forwarding(asked: Asked, input: Partial<PassInput> = {}) {
  const test = exchangeBut(rules, asked);
  let forwarded: Forwarded | undefined;
  const over = pass(test.exchange, { reason: 'method', ...input, forward: (given) => (forwarded = given) });
  if (forwarded === undefined) throw new Error('it was not forwarded');
  t.equal(over, undefined);
  return { ...test, forwarded };
}

t.test('an answer is released when what it made stale is ended', async (t) => {
  const { exchange, forwarded, outcomes, storedBut } = forwarding({ method: 'MKCOL', url: '/a/1?b=2' });
  const { purgeLog } = exchange.services;
  const stored = storedBut({ tags: [] });
  t.equal(forwarded.target, '/a/1?b=2');
  const before = purgeLog.position();
  const { fields, keeper } = await forwarded.onHead(201, ['X-A', 'b', 'Connection', 'close']);
  t.not(purgeLog.position().seq, before.seq, 'a purge is recorded');
  t.equal(purgeLog.verdict(stored).kind, 'current', 'of its own tags');
  t.equal(keeper, undefined);
  t.equal(combinedValue(fields, 'x-a'), 'b');
  t.equal(combinedValue(fields, 'connection'), undefined);
  t.match(combinedValue(fields, 'cache-status'), /fwd=method$/);
  forwarded.onEnd();
  t.match(outcomes, [{ kind: 'pass', status: 201, pass: 'method' }]);
});

t.test('what fails after it was sent, or is left by its client, may have happened', async (t) => {
  for (const [sent, isEnded] of [
    [true, true],
    [false, false],
  ] as const) {
    const { exchange, forwarded, written, outcomes } = forwarding({ method: 'MKCOL' });
    const { seq } = exchange.services.purgeLog.position();
    await forwarded.onFailure({ reason: 'reset', sent });
    t.equal(exchange.services.purgeLog.position().seq > seq, isEnded);
    t.equal(written.status, 502);
    t.match(outcomes, [{ kind: 'failed', failure: 'reset' }]);
  }
  const { exchange, forwarded } = forwarding({ method: 'MKCOL' });
  const { seq } = exchange.services.purgeLog.position();
  await forwarded.onClientGone();
  t.ok(exchange.services.purgeLog.position().seq > seq);
});
