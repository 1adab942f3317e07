/**
 * The suites of races, isolation and faults against `serve` with two workers, as real processes: what the tests say of one
 * process must hold for several.
 *
 * `npm run test:workers [-- FILES]`, an hour for all. A test that looks inside the process cannot be run so; it is counted
 * apart. Ends with 1 if any other fails that is not judged below.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { insideMessage } from '../test/helpers/as-workers.ts';

const root = join(import.meta.dirname, '..');
const suites = [
  'test/security/*.test.ts',
  'test/e2e/{acting,early,endless,no-vary,origin,other-instance-writes,overtaken,query,races,relayed,request,write}*.test.ts',
  'test/store/{two-instances,staleness/staleness}.test.ts',
];
/** What these tests hold a proxy to is not promised of several workers. */
const judged: ReadonlyMap<string, string> = new Map([
  [
    'an idempotent request on a dead keep-alive connection is repeated once; a write never',
    'each worker has connections of its own to the app',
  ],
]);

type Failed = { readonly name: string; readonly which: readonly string[] };
type Ran = {
  readonly passed: number;
  readonly inside: readonly string[];
  readonly judged: readonly string[];
  readonly failed: readonly Failed[];
};

const given = process.argv.slice(2);
const files =
  given.length > 0 ? given : suites.flatMap((pattern) => globSync(pattern, { cwd: root })).toSorted();
const all: Ran[] = [];
for (const file of files) {
  const ran = await run(file);
  all.push(ran);
  console.log(`${file}: ${countsOf([ran])}`);
  for (const name of ran.judged) console.log(`  judged: ${name}: ${judged.get(name) ?? ''}`);
  for (const { name, which } of ran.failed) console.log(`  failed: ${[name, ...which].join('\n    ')}`);
}
console.log(`all: ${countsOf(all)}`);
process.exitCode = all.some(({ failed }) => failed.length > 0) ? 1 : 0;

function countsOf(ran: readonly Ran[]): string {
  const sum = (of: (one: Ran) => number): number => ran.reduce((before, one) => before + of(one), 0);
  const failed = sum((one) => one.failed.length);
  const apart = `${sum((one) => one.inside.length)} look inside, ${sum((one) => one.judged.length)} judged`;
  return `${sum((one) => one.passed)} passed, ${apart}, ${failed} failed`;
}

async function run(file: string): Promise<Ran> {
  const args = ['--import', join(root, 'scripts', 'test-process.mjs'), join(root, file)];
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, SHELFLIFE_TEST_WORKERS: '2', TAP_TIMEOUT: '600' },
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const [output, [code]] = await Promise.all([text(child.stdout), exited]);
  const ran = sort(output);
  const isTold = code === 0 || ran.inside.length + ran.judged.length + ran.failed.length > 0;
  return isTold ? ran : { ...ran, failed: [{ name: `ended with ${String(code)}`, which: [] }] };
}

/** Sorts the tests of a file. What stands before the line of a test, indented, is its own. */
function sort(output: string): Ran {
  const ran = { passed: 0, inside: [] as string[], judged: [] as string[], failed: [] as Failed[] };
  let own: string[] = [];
  for (const line of output.split('\n')) {
    const found = /^(not )?ok \d+ - (.*?)(?: # time=.*)?$/.exec(line);
    if (found === null) {
      own.push(line);
      continue;
    }
    const [, not, name = ''] = found;
    const which = own.filter((each) => /^ +not ok/.test(each));
    own = [];
    if (not === undefined) ran.passed += 1;
    else if (which.length > 0 && which.every((each) => each.includes(insideMessage))) ran.inside.push(name);
    else if (judged.has(name)) ran.judged.push(name);
    else ran.failed.push({ name, which });
  }
  return ran;
}
