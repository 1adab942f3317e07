/** The npm scripts: each runs the set-up first, all use a Node that is new enough, and the build gives the command line. */
import t from 'tap';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../architecture/tree.ts';

type Manifest = {
  readonly version: string;
  readonly bin: { readonly shelflife: string };
  readonly engines: { readonly node: string };
  readonly scripts: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
};

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
const needed = manifest.engines.node.replace('>=', '');

t.test('every script is preceded by the set-up, those that run tests by that of the tests', async (t) => {
  const names = Object.keys(manifest.scripts).filter(
    (name) => !name.startsWith('pre') || name === 'prettier',
  );
  for (const name of ['start', 'dev', 'test', 'check', 'lint', 'types', 'bench', 'build'])
    t.ok(names.includes(name), name);
  for (const name of names) {
    const flag = name === 'test' || name === 'check' ? ' --test' : '';
    t.equal(manifest.scripts[`pre${name}`], `node scripts/setup.mjs${flag}`, name);
  }
});

t.test('the pinned Nodes, and the one that runs this, are new enough', async (t) => {
  const versions = [
    ...Object.entries(manifest.optionalDependencies),
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
  // `npm run types` checks the same sources.
  const built = run(process.execPath, ['scripts/build.mjs', '--noCheck']);
  t.equal(built.status, 0, built.stdout);
  const cli = join(ROOT, manifest.bin.shelflife);
  t.equal(run(cli, ['--version']).stdout.trim(), manifest.version);
  t.ok((statSync(cli).mode & 0o111) === 0o111, 'executable');
  const wanted = filesBelow('src').map((file) => file.replace(/\.ts$/, '.js'));
  t.strictSame(filesBelow('dist'), wanted.sort());
});

function run(command: string, args: readonly string[]) {
  return spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' });
}

function filesBelow(folder: string): readonly string[] {
  const entries = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.map((file) => file.slice(join(ROOT, folder).length + 1)).sort();
}
