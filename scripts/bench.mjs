/**
 * Runs the benchmarks, one after the other: `npm run bench` all of them, `npm run bench -- hit pass` those named.
 * A benchmark is a file directly in bench/; what they share lies in folders below it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'bench');
const all = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.ts')) : [];
const known = all.map((name) => name.slice(0, -'.ts'.length)).sort();
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !known.includes(name));

if (unknown.length > 0) {
  process.stderr.write(`bench: no ${unknown.join(', ')}; there is ${known.join(', ')}\n`);
  process.exit(1);
}
for (const name of asked.length > 0 ? asked : known) {
  process.stdout.write(`\n── ${name} ──\n`);
  const run = spawnSync(process.execPath, ['--expose-gc', join(folder, `${name}.ts`)], { stdio: 'inherit' });
  if (run.status !== 0) process.exitCode = 1;
}
