/** Over a real connection: what the client sees of an answer that ends, breaks off or falls silent. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import t, { type Test } from 'tap';
import { seconds } from '../../../src/kit/time.ts';
import { relayAnswer, type RelayedAnswer } from '../../../src/proxy/pass/relay-answer.ts';

/** Gives an answer to a client; resolves with what the client saw and what was told. */
async function relayed(t: Test, begin: (stream: PassThrough) => void, change: Partial<RelayedAnswer> = {}) {
  const told: string[] = [];
  const stream = new PassThrough();
  const server = createServer((_request, response) => {
    relayAnswer(response, {
      status: 200,
      fields: ['Transfer-Encoding', 'chunked', 'Trailer', 'X-After'],
      stream,
      trailers: () => ['X-After', 'c'],
      bodyTimeout: seconds(60),
      onOver: (isWhole) => told.push(isWhole ? 'whole' : 'cut'),
      onFailure: ({ reason }) => {
        told.push(reason);
        response.writeHead(502).end();
      },
      ...change,
    });
    begin(stream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  const body = await answer.text().catch(() => 'cut');
  return { status: answer.status, body, told, isOver: stream.destroyed };
}

t.test('an answer is given to its end', async (t) => {
  const { status, body, told } = await relayed(t, (stream) => stream.end('body'));
  t.strictSame([status, body], [200, 'body']);
  t.strictSame(told, ['whole']);
});

t.test('one that breaks off before its body begins is a failure; later it is cut', async (t) => {
  const broken = await relayed(t, (stream) => stream.destroy(new Error('reset')));
  t.equal(broken.status, 502);
  t.equal(broken.told.length, 1, 'told once');
  t.not(broken.told[0], 'whole');
  const cut = await relayed(t, (stream) => {
    stream.write('bo');
    setImmediate(() => stream.destroy(new Error('reset')));
  });
  t.match(cut, { status: 200, body: 'cut', told: ['cut'] });
});

t.test('an origin that falls silent is given up, server-sent events are not', async (t) => {
  const bodyTimeout = seconds(0.2);
  const silent = await relayed(t, () => undefined, { bodyTimeout });
  t.match(silent, { status: 502, told: ['body-timeout'], isOver: true });
  const fields = ['Content-Type', 'text/event-stream', 'Transfer-Encoding', 'chunked'];
  const events = await relayed(t, (stream) => void setTimeout(() => stream.end('data: a\n\n'), 400), {
    bodyTimeout,
    fields,
    trailers: () => [],
  });
  t.match(events, { status: 200, body: 'data: a\n\n', told: ['whole'] });
});
