/** A webhook that rejects a notice: the alert and the cause are in the log; the address is not. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import t from 'tap';
import { eventually } from '../../helpers/eventually.ts';
import { createWebhook } from '../../../src/watch/alerts/webhook.ts';

t.test('a redirect is not followed, and is shown beside its alert', async (t) => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    // Refused at the second try: there is no third.
    response.writeHead(asked.length === 1 ? 302 : 410, { Location: '/elsewhere' });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const lines = new PassThrough();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=secret`;
  await createWebhook(pino(lines))(url, { name: 'low-hit-rate', text: 'low-hit-rate: bad' });
  await eventually('both tries are logged', () => lines.readableLength > 0);
  const log = String(lines.read());
  t.strictSame(asked, ['/hook?token=secret', '/hook?token=secret']);
  t.match(log, /"problem":"unexpected redirect","about":"low-hit-rate"/);
  t.match(log, /"problem":"410","about":"low-hit-rate"/);
  t.notMatch(log, /secret/);
});

t.test('a retried notice is not delivered after the one that followed it', async (t) => {
  const taken: string[] = [];
  let tries = 0;
  const server = createServer((request, response) => {
    tries += 1;
    const isTaken = tries > 1;
    void text(request).then((body) => {
      if (isTaken) taken.push((JSON.parse(body) as { text: string }).text);
      response.writeHead(isTaken ? 200 : 503).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const send = createWebhook(pino({ level: 'silent' }));
  await Promise.all([send(url, { text: 'it fires' }), send(url, { text: 'it is over' })]);
  t.strictSame(taken, ['it fires', 'it is over']);
});

t.test('a webhook that accepts nothing does not accumulate notices without bound', async (t) => {
  const server = createServer((_request, response) => void response.writeHead(410).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const lines: string[] = [];
  const log = pino({ level: 'error' }, { write: (line) => void lines.push(line) });
  const send = createWebhook(log);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  await Promise.all(Array.from({ length: 60 }, () => send(url, { text: 'again' })));
  t.equal(lines.length, 10, 'fifty wait, ten are told of in the log only');
  await send(url, { text: 'later' });
  t.equal(lines.length, 10, 'there is room again');
});
