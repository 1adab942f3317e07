/**
 * Builds dist/: src compiled to JavaScript, with every file beside it that is not TypeScript (the dashboard) copied, the
 * command line made executable, the manual page, and the licences of what is installed with it. Arguments are for tsc.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { manPage } from './build/man-page.ts';
import { dependenciesOf, thirdPartyPage } from './build/third-party.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

rmSync(dist, { recursive: true, force: true });
const options = ['-p', join(root, 'tsconfig.build.json'), ...process.argv.slice(2)];
const compiled = spawnSync(process.execPath, [tsc, ...options], { stdio: 'inherit' });
if (compiled.status !== 0) process.exit(1);

cpSync(join(root, 'src'), dist, {
  recursive: true,
  filter: (path) => statSync(path).isDirectory() || !path.endsWith('.ts'),
});

const cli = join(dist, 'cli.js');
if (existsSync(cli)) {
  const text = readFileSync(cli, 'utf8');
  if (!text.startsWith('#!')) writeFileSync(cli, `#!/usr/bin/env node\n${text}`);
  chmodSync(cli, 0o755);
  const { createProgram, examples } = await import(pathToFileURL(join(dist, 'cli', 'program.js')));
  const { Terminal } = await import(pathToFileURL(join(dist, 'cli', 'terminal.js')));
  writeFileSync(join(dist, 'shelflife.1'), manPage(await createProgram(new Terminal(process)), examples));
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  writeFileSync(join(dist, 'THIRD_PARTY.md'), thirdPartyPage(dependenciesOf(lock)));
} else {
  process.stderr.write('build: src/cli.ts is missing, so dist/ has no command line\n');
  process.exitCode = 1;
}
