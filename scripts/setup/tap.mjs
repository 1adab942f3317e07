/**
 * tap's test class is generated for the plugins that .taprc names; with a list other than tap's own, the first run after
 * an install fails unless `tap build` has run. A stamp in node_modules, which an install removes, says for which .taprc.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const stampOf = (root) => join(root, 'node_modules', '.tap-built');
const wanted = (root) => readFileSync(join(root, '.taprc'), 'utf8');

/** Whether tap has been built for the present .taprc. */
export function tapIsBuilt(root) {
  const stamp = stampOf(root);
  const parts = [stamp, join(root, '.tap', 'plugins', 'package.json')];
  return parts.every((part) => existsSync(part)) && readFileSync(stamp, 'utf8') === wanted(root);
}

/** Generates tap's test class; throws with tap's words when it cannot. */
export function buildTap(root) {
  const run = spawnSync(join(root, 'node_modules', '.bin', 'tap'), ['build'], {
    cwd: root,
    encoding: 'utf8',
    env: {
      ...process.env,
      PATH: `${join(root, 'node_modules', '.bin')}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH ?? ''}`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });
  if (run.status !== 0) throw new Error(`tap build failed\n${run.stdout ?? ''}${run.stderr ?? ''}`);
  writeFileSync(stampOf(root), wanted(root));
}
