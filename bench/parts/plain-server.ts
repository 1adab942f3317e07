/** The baseline of a hit: plain node:http that writes the same fields and the same bytes to everybody. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { argument, serveParent } from './child.ts';

/** `body` is latin-1. */
export type Answer = { readonly status: number; readonly fields: readonly string[]; readonly body: string };

const { status, fields, body } = argument() as Answer;
const bytes = Buffer.from(body, 'latin1');
const head = [...fields];
const server = createServer((_request, response) => {
  response.writeHead(status, head);
  response.end(bytes);
});
server.listen(0, '127.0.0.1', () => {
  serveParent(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
