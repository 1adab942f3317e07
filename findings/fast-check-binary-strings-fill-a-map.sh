#!/usr/bin/env bash
# fast-check 4.10.2: the first `fc.string({ unit: 'binary' })` of a process fills a map of all code points and keeps it.
#
# To make the arbitrary is enough; no value has to be generated. The table from text back to its number, for shrinking and for
# examples, has over a million entries, and stays for the life of the process: 85 MB of heap, and about a second of a core,
# in each test process that makes one. `unit` with an arbitrary of one's own (`fc.integer().map(…)`)
# makes the same strings without the table.
#
# Prints what was seen and exits 1 if that has changed. Needs node and npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact fast-check@4.10.2

cat >units.mjs <<'EOS'
import fc from 'fast-check';

function heapOf(make) {
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  const started = process.cpuUsage();
  const arbitrary = make();
  const { user } = process.cpuUsage(started);
  globalThis.gc();
  const megabytes = Math.round((process.memoryUsage().heapUsed - before) / 1e6);
  fc.sample(arbitrary, 1);
  return { megabytes, cpuMs: Math.round(user / 1000) };
}

const point = fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code));
const own = heapOf(() => fc.string({ unit: point }));
const graphemes = heapOf(() => fc.string({ unit: 'grapheme' }));
const binary = heapOf(() => fc.string({ unit: 'binary' }));
const again = heapOf(() => fc.string({ unit: 'binary' }));
console.log(JSON.stringify({ own, graphemes, binary, again }));
process.exit(binary.megabytes > 30 && own.megabytes < 5 && again.megabytes < 5 ? 0 : 1);
EOS
node --expose-gc units.mjs
