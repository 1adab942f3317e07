/** What a socket costs on Node: whatever comes is taken for a request, and answered with the same bytes, in one write. */
import { type AddressInfo, createServer } from 'node:net';
import { argument, serveParent } from './child.ts';
import type { Answer } from './plain-server.ts';

const { status, fields, body } = argument() as Answer;
let head = `HTTP/1.1 ${status} OK\r\n`;
for (let index = 0; index < fields.length; index += 2)
  head += `${fields[index] ?? ''}: ${fields[index + 1] ?? ''}\r\n`;
const bytes = Buffer.from(`${head}\r\n${body}`, 'latin1');
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', () => socket.write(bytes));
  // A client that resets.
  socket.on('error', () => socket.destroy());
});
server.listen(0, '127.0.0.1', () => {
  serveParent(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
