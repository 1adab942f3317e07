#!/usr/bin/env bash
# tap 21.8.0: subtests that run side by side and share one options object show each other's assertions.
#
# `t.test(name, options, fn)` keeps what belongs to the one test in `options`. With `t.jobs = 3` and
# `const options = { buffered: true }` given to three subtests, of which the second fails: the report shows the passing
# assertion of the first inside all three (`not ok 2 - b` contains `ok 1 - in a`), and neither the failing assertion nor its
# stack anywhere. One assertion that failed and two that passed are counted as three passed, and the failed test itself.
# With an options object each (`{ ...options }`) everything is right.
#
# Prints what was seen and exits 1 if that has changed. Needs node and npm.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact tap@21.8.0

cat >shared.mjs <<'EOS'
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
const shared = { buffered: true };
const options = () => (process.argv[2] === 'shared' ? shared : { ...shared });
t.jobs = 3;
t.test('a', options(), async (t) => { await delay(300); t.pass('in a'); });
t.test('b', options(), async (t) => { await delay(150); t.fail('in b'); });
t.test('c', options(), async (t) => { await delay(10); t.pass('in c'); });
EOS

# The results alone, without what tap tells of a failure.
results() {
  node shared.mjs "$1" | grep -E '^ *(not )?ok |^# \{' | sed 's/ # time=.*//' || true
}
seen=$(results shared)
printf 'one options object:\n%s\n\nan options object each:\n%s\n' "$seen" "$(results own)"

[ "$seen" = '    ok 1 - in a
ok 1 - a
    ok 1 - in a
not ok 2 - b
    ok 1 - in a
ok 3 - c
# { total: 4, pass: 3, fail: 1 }' ]
