/**
 * The npm scripts: each runs the set-up first, all use a Node that is new enough. The build gives the command line, and the
 * package made of it runs in an empty folder.
 */
import t from 'tap';
import type { Test } from 'tap';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '../architecture/tree.ts';
import { startOrigin } from '../cli/command.ts';

type Manifest = {
  readonly version: string;
  readonly bin: { readonly shelflife: string };
  readonly engines: { readonly node: string };
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
};

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const manifest = JSON.parse(read('package.json')) as Manifest;
const pinned = JSON.parse(read('scripts/node/package.json')) as Manifest;
const needed = manifest.engines.node.replace('>=', '');

t.test('every script is preceded by the set-up, those that run tests by that of the tests', async (t) => {
  const names = Object.keys(manifest.scripts).filter(
    (name) => !name.startsWith('pre') || name === 'prettier',
  );
  for (const name of ['start', 'dev', 'test', 'check', 'lint', 'types', 'bench', 'build'])
    t.ok(names.includes(name), name);
  for (const name of names) {
    const flag = /^(test|check)\b/.test(name) ? ' --test' : '';
    t.equal(manifest.scripts[`pre${name}`], `node scripts/setup.mjs${flag}`, name);
  }
});

t.test('the pinned Nodes, and the one that runs this, are new enough', async (t) => {
  const versions = [
    ...Object.entries(pinned.optionalDependencies ?? {}),
    ['this one', process.versions.node] as const,
  ];
  for (const [name, version] of versions)
    t.ok(version.localeCompare(needed, 'en', { numeric: true }) >= 0, `${name} ${version}`);
});

t.test('files named by scripts exist', async (t) => {
  const files = Object.values(manifest.scripts).flatMap((script) => script.match(/scripts\/[\w.-]+/g) ?? []);
  for (const file of new Set(files)) t.ok(existsSync(join(ROOT, file)), file);
});

t.test('the build gives an executable command line and copies what is not TypeScript', async (t) => {
  // `npm run types` checks the same sources; what they import is not needed to compile them.
  const built = run(process.execPath, ['scripts/build.mjs', '--noCheck', '--noResolve']);
  t.equal(built.status, 0, built.stdout);
  const cli = join(ROOT, manifest.bin.shelflife);
  t.equal(run(cli, ['--version']).stdout.trim(), manifest.version);
  t.ok((statSync(cli).mode & 0o111) === 0o111, 'executable');
  const wanted = filesBelow('src').map((file) => file.replace(/\.ts$/, '.js'));
  t.strictSame(filesBelow('dist'), [...wanted, 'THIRD_PARTY.md', 'shelflife.1'].sort());
});

t.test('every package that is installed with the proxy has a licence that allows it', async (t) => {
  const rows = [...read('dist/THIRD_PARTY.md').matchAll(/^\| (\S+) \| (\d\S+) \| (.+) \|$/gm)];
  const allowed = ['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD', 'BlueOak-1.0.0'];
  t.strictSame(
    rows.filter(([, , , licence]) => !allowed.includes(licence ?? '')).map(([row]) => row),
    [],
  );
  const direct = Object.entries(manifest.dependencies).map(([name, version]) => `${name} ${version}`);
  const listed = new Set(rows.map(([, name, version]) => `${name} ${version}`));
  t.strictSame(
    direct.filter((one) => !listed.has(one)),
    [],
  );
});

t.test('the package is small, needs nothing of the development, and runs in an empty folder', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'shelflife-package-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const installed = install(folder);
  t.notOk('optionalDependencies' in JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')));
  t.strictSame(readdirSync(installed).sort(), ['LICENSE', 'README.md', 'config', 'dist', 'package.json']);
  const kilobytes = statSync(join(folder, `shelflife-${manifest.version}.tgz`)).size / 1024;
  t.ok(kilobytes < 600, `${kilobytes} KB`);

  const site = await serveIn(t, folder, await startOrigin(t));
  const answers = [await fetch(`${site}/a`), await fetch(`${site}/a`)];
  t.strictSame(await Promise.all(answers.map((answer) => answer.text())), ['/a', '/a']);
  t.match(answers[0]?.headers.get('cache-status'), 'fwd=uri-miss; stored');
  t.match(answers[1]?.headers.get('cache-status'), 'hit');
});

/** Installs the package with what it depends on, and nothing else, without a network; returns its folder. */
function install(folder: string): string {
  const packed = run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder]);
  const modules = join(folder, 'node_modules');
  const installed = join(modules, 'shelflife');
  for (const made of [installed, join(modules, '.bin')]) mkdirSync(made, { recursive: true });
  run('tar', ['-xzf', join(folder, packed.stdout.trim()), '--strip-components=1', '-C', installed]);
  for (const name of Object.keys(manifest.dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
  symlinkSync(join(installed, manifest.bin.shelflife), join(modules, '.bin', 'shelflife'));
  return installed;
}

/** Runs `npx shelflife serve` there; returns where clients connect. */
async function serveIn(t: Test, cwd: string, upstream: string): Promise<string> {
  const options = ['--upstream', upstream, '--listen', '127.0.0.1:0', '--control', '127.0.0.1:0'];
  const command = ['--offline', 'shelflife', 'serve', ...options];
  // Its own process group: npx does not pass every signal on.
  const child = spawn('npx', command, { cwd, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  t.teardown(async () => {
    const closed = once(child, 'close');
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    await closed;
  });
  for await (const line of createInterface(child.stdout)) {
    const { msg, url } = JSON.parse(line) as { readonly msg: string; readonly url?: string };
    if (msg === 'site listening') return url ?? '';
  }
  throw new Error('ended without listening');
}

function run(command: string, args: readonly string[]) {
  return spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' });
}

function filesBelow(folder: string): readonly string[] {
  const entries = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.map((file) => file.slice(join(ROOT, folder).length + 1)).sort();
}
