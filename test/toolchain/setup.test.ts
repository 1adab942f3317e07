/**
 * The set-up before every npm script: when it installs, when it is silent, and what happens when two run at once. Each test
 * has its own checkout and an `npm` that only records its calls and leaves npm's files.
 */
import t from 'tap';
import type { Test } from 'tap';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ROOT } from '../architecture/tree.ts';

type Packages = Readonly<Record<string, object>>;
type Run = { readonly code: number | null; readonly output: string };

const LOCK: Packages = {
  '': { name: 'shelflife' },
  'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
  'node_modules/node-elsewhere': {
    version: '24.21.0',
    optional: true,
    os: 'aix',
    cpu: 'ppc64',
    bin: { node: 'bin/node' },
  },
};
const { [`node_modules/node-elsewhere`]: _, ...INSTALLED } = LOCK;

/** Notes each call in npm-calls; installs after a moment by copying the lock file, as npm ci does last. */
const NPM_THAT_WORKS = `echo "$@" >>npm-calls; sleep 0.3; mkdir -p node_modules; cp installed.json node_modules/.package-lock.json`;
const NPM_THAT_FAILS = `echo "$@" >>npm-calls; echo 'npm error: no such registry' >&2; exit 1`;

function checkout(t: Test, state: { installed?: string; npm?: string; needed?: string } = {}): string {
  const folder = t.testdir({
    'package.json': JSON.stringify({ engines: { node: `>=${state.needed ?? '24.0.0'}` } }),
    'package-lock.json': JSON.stringify({ packages: LOCK }),
    'installed.json': JSON.stringify({ packages: INSTALLED }),
    bin: { npm: `#!/bin/sh\n${state.npm ?? NPM_THAT_WORKS}\n` },
    ...(state.installed === undefined ? {} : { node_modules: { '.package-lock.json': state.installed } }),
  });
  chmodSync(join(folder, 'bin', 'npm'), 0o755);
  cpSync(join(ROOT, 'scripts'), join(folder, 'scripts'), { recursive: true });
  return folder;
}

async function setUp(folder: string): Promise<Run> {
  const PATH = [join(folder, 'bin'), process.env['PATH']].join(delimiter);
  const child = spawn(process.execPath, ['scripts/setup.mjs'], {
    cwd: folder,
    env: { ...process.env, PATH },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (output += data.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

function npmCalls(folder: string): readonly string[] {
  const file = join(folder, 'npm-calls');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
}

const installed = (packages: Packages) => JSON.stringify({ packages });

t.test('a fresh clone gets its packages, development ones included, with one line of output', async (t) => {
  const folder = checkout(t);
  const { code, output } = await setUp(folder);
  t.equal(code, 0);
  t.equal(output.trim().split('\n').length, 1, output);
  t.equal(npmCalls(folder).length, 1);
  t.match(npmCalls(folder)[0], /^ci .*--include=dev/);
});

t.test('nothing is printed or done when the packages match the lock file, whatever the dates', async (t) => {
  const folder = checkout(t, { installed: installed(INSTALLED) });
  utimesSync(join(folder, 'node_modules', '.package-lock.json'), 0, 0);
  t.strictSame(await setUp(folder), { code: 0, output: '' });
  t.strictSame(npmCalls(folder), []);
});

const OUTDATED: readonly (readonly [behaviour: string, installed: string])[] = [
  [
    'another version',
    installed({ ...INSTALLED, 'node_modules/a': { version: '0.9.0', integrity: 'sha512-a' } }),
  ],
  ['other contents of the same version', installed({ ...INSTALLED, 'node_modules/a': { version: '1.0.0' } })],
  ['a missing package', installed({ '': {} })],
  ['an interrupted install', '{"packages": {"'],
];
for (const [behaviour, state] of OUTDATED) {
  t.test(`${behaviour} is repaired`, async (t) => {
    const folder = checkout(t, { installed: state });
    t.equal((await setUp(folder)).code, 0);
    t.equal(npmCalls(folder).length, 1);
    t.strictSame(await setUp(folder), { code: 0, output: '' }, 'once');
  });
}

t.test('two scripts started at once install once, and both continue', async (t) => {
  const folder = checkout(t);
  const runs = await Promise.all([setUp(folder), setUp(folder)]);
  t.strictSame(
    runs.map((run) => run.code),
    [0, 0],
  );
  t.equal(npmCalls(folder).length, 1);
  t.notOk(existsSync(join(folder, '.data', 'setup.lock')));
});

t.test('a failed install is retried, then reported in npm’s words', async (t) => {
  const folder = checkout(t, { npm: NPM_THAT_FAILS });
  const { code, output } = await setUp(folder);
  t.equal(code, 1);
  t.match(output, 'no such registry');
  t.equal(npmCalls(folder).length, 2);
  t.notOk(existsSync(join(folder, '.data', 'setup.lock')), 'the next one need not wait');
});

t.test('a Node that is too old, without a pinned one, is reported in one line', async (t) => {
  const folder = checkout(t, { installed: installed(INSTALLED), needed: '99.0.0' });
  const { code, output } = await setUp(folder);
  t.equal(code, 1);
  t.match(output, /^shelflife: please install Node 99\.0\.0 or newer[^\n]*\n$/);
});

t.test('a pinned Node that cannot run here is moved out of the way of the machine’s own', async (t) => {
  const folder = checkout(t, { installed: installed(INSTALLED) });
  const pinned = join(folder, 'node_modules', '.bin', 'node');
  mkdirSync(join(pinned, '..'));
  writeFileSync(pinned, '#!/nowhere/ld-musl\n', { mode: 0o755 });
  t.strictSame(await setUp(folder), { code: 0, output: '' });
  t.notOk(existsSync(pinned));
});

t.test('a lock left by a killed set-up is taken over', async (t) => {
  const folder = checkout(t);
  mkdirSync(join(folder, '.data'));
  writeFileSync(join(folder, '.data', 'setup.lock'), String(spawnSync('true').pid));
  t.equal((await setUp(folder)).code, 0);
  t.equal(npmCalls(folder).length, 1);
});
