#!/usr/bin/env bash
# ioredis 6.0.0: a database that the server refuses to select does not stop the client from becoming ready.
#
# Seen with redis-server 7.0.15 (16 databases) and `db: 99`: the refused SELECT is an `error` event and nothing else. The
# client goes on to `ready`, `options.db` still says 99, and every command runs in database 0, so the program reads and
# writes the data of whoever uses that database. `CLIENT INFO` tells where the connection really is.
#
# Prints what was seen and exits 1 if that has changed. Needs node and npm; installs redis-server if it is missing.
set -euo pipefail
command -v redis-server >/dev/null || { apt-get update -qq && apt-get install -y -qq redis-server; } >/dev/null

folder=$(mktemp -d)
trap 'kill "$(cat "$folder/pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact ioredis@6.0.0
redis-server --port 0 --unixsocket "$folder/redis.sock" --save '' --daemonize yes --pidfile "$folder/pid" >/dev/null
for _ in $(seq 50); do [ -S "$folder/redis.sock" ] && break; sleep 0.1; done

cat >select.mjs <<'EOS'
import { Redis } from 'ioredis';
const path = process.argv[2];
const inZero = new Redis({ path });
await inZero.set('greeting', 'from database 0');
const events = [];
const elsewhere = new Redis({ path, db: 99 });
for (const name of ['ready', 'error', 'close', 'end'])
  elsewhere.on(name, (error) => events.push(error ? `${name}: ${error.message}` : name));
const value = await elsewhere.get('greeting');
const database = /\bdb=(\d+)/.exec(await elsewhere.client('INFO'))[1];
const seen = { events, status: elsewhere.status, asked: elsewhere.options.db, database, value };
console.log(JSON.stringify(seen));
elsewhere.disconnect();
inZero.disconnect();
const expected = {
  events: ['error: ERR DB index is out of range', 'ready'],
  status: 'ready',
  asked: 99,
  database: '0',
  value: 'from database 0',
};
process.exitCode = JSON.stringify(seen) === JSON.stringify(expected) ? 0 : 1;
EOS
node select.mjs "$folder/redis.sock"
