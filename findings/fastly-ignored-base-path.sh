#!/usr/bin/env bash
# fastly 13.0.0 (Fastly's own SDK): setting `ApiClient.instance.basePath` does not move the requests.
#
# The client falls back on the property only where a method names no base, and the generated methods all name
# `https://api.fastly.com`. A program that points the SDK at a test server or at a compatible service still talks to Fastly, with
# the token it was given. Only a replaced `callApi` changes that.
#
# Prints what was seen and exits 1 if that has changed. Sends nothing. Needs node and npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact fastly@13.0.0

cat >base.mjs <<'EOS'
import Fastly from 'fastly';
const client = Fastly.ApiClient.instance;
client.basePath = 'http://127.0.0.1:1';
client.authenticate('token');
const bases = [];
client.callApi = (...given) => {
  bases.push(given.find((value) => typeof value === 'string' && value.startsWith('http')));
  return Promise.resolve({});
};
await new Fastly.PurgeApi().purgeTag({ service_id: 's', surrogate_key: 'k' });
await new Fastly.PurgeApi().purgeAll({ service_id: 's' });
await new Fastly.ServiceApi().listServices({});
const seen = { basePath: client.basePath, asked: [...new Set(bases)] };
console.log(JSON.stringify(seen));
const expected = { basePath: 'http://127.0.0.1:1', asked: ['https://api.fastly.com'] };
process.exit(JSON.stringify(seen) === JSON.stringify(expected) ? 0 : 1);
EOS
node base.mjs
