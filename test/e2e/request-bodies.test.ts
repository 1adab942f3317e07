/** Request bodies and their fields reach the origin exactly as they were sent, whatever their type. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import t from 'tap';
import { barrier, startSite } from '../helpers/scripted-site.ts';
import { ask, fateOf } from '../helpers/raw-client.ts';

const types: readonly (string | undefined)[] = [
  undefined,
  '',
  'text/plain',
  'text/plain; charset=iso-8859-1',
  'text/plain; charset="',
  'application/json',
  'text',
  ';;',
  '*/*',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
];
const bytes = Buffer.from([0xff, 0xfe, 0x41, 0x80, 0x00, 0x0d, 0x0a, 0xc3]).toString('latin1');

for (const type of types) {
  t.test(`a body of type ${JSON.stringify(type ?? 'none')} reaches the origin byte for byte`, async (t) => {
    const site = await startSite('', {
      answer: (message, response) => {
        const chunks: Buffer[] = [];
        message.on('data', (chunk: Buffer) => chunks.push(chunk));
        message.on('end', () => response.end(Buffer.concat(chunks)));
      },
    });
    t.teardown(() => site.close());
    const typed = type === undefined ? [] : [`Content-Type: ${type}`];
    const sent: [string, string][] = [
      [`Content-Length: ${bytes.length}`, bytes],
      ['Transfer-Encoding: chunked', `8\r\n${bytes}\r\n0\r\n\r\n`],
      ['Content-Length: 0', ''],
    ];
    for (const method of ['POST', 'DELETE', 'OPTIONS', 'PROPFIND', 'QUERY']) {
      for (const [framing, body] of sent) {
        const answer = await ask(site.url, { method, lines: [...typed, framing], body });
        t.equal(answer.status, 200, `${method}, ${framing}`);
        t.equal(answer.body, body === '' ? '' : bytes, `${method}, ${framing}`);
        t.match(fateOf(answer), /^fwd=method/);
        t.equal(site.requests.at(-1)?.headers['content-type'], type);
      }
    }
  });
}

t.test('text is streamed like any other type', async (t) => {
  const first = barrier();
  const site = await startSite('', {
    answer: (message, response) => {
      message.on('data', first.arrive);
      message.on('end', () => response.end('all of it'));
    },
  });
  t.teardown(() => site.close());
  const { port, hostname } = new URL(site.url);
  const headers = { 'Content-Type': 'text/plain' };
  const upload = request({ port, hostname, method: 'POST', path: '/upload', headers });
  upload.write('some text');
  await first.reached;
  upload.end();
  const [response] = (await once(upload, 'response')) as [IncomingMessage];
  t.equal(response.statusCode, 200);
  response.resume();
});
