import { connect } from 'node:net';
import { once } from 'node:events';
import t from 'tap';
import { startServing } from '../helpers/serving.ts';

t.test('a signal right after the start stops the proxy like any other', async (t) => {
  for (const _ of [1, 2, 3]) {
    const serving = await startServing(t, 'upstream: http://127.0.0.1:1\n');
    t.equal(await serving.end('SIGTERM'), 0);
  }
});

t.test('an unfinished request to the control API does not prevent stopping', async (t) => {
  const serving = await startServing(t, 'upstream: http://127.0.0.1:1\n');
  const { port, hostname } = new URL(serving.control);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  t.teardown(() => socket.destroy());
  await once(socket, 'connect');
  socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n');
  t.equal((await fetch(`${serving.control}/healthz`)).status, 200, 'what came before is read');
  t.equal(await serving.end('SIGTERM'), 0);
  t.equal(serving.lines.at(-1)?.msg, 'stopped', 'and it has put everything in order');
});
