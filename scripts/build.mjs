/**
 * Builds dist/: src compiled to JavaScript, with every file beside it that is not TypeScript (the dashboard) copied, and
 * the command line made executable. Arguments are for tsc.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

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
} else {
  process.stderr.write('build: src/cli.ts is missing, so dist/ has no command line\n');
  process.exitCode = 1;
}
