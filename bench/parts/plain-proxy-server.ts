/** The baseline of passing through without libraries: node:http on both sides, kept connections, two pipes. */
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { argument, serveParent } from './child.ts';

const { hostname, port } = new URL(argument() as string);
const agent = new Agent({ keepAlive: true, maxSockets: 128 });
const server = createServer((message, response) => {
  const { method, url, rawHeaders } = message;
  const sent = request({ hostname, port, agent, method, path: url, headers: rawHeaders }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(response);
  });
  sent.on('error', () => response.destroy());
  message.pipe(sent);
});
server.listen(0, '127.0.0.1', () => {
  serveParent(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
