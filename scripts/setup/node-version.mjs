/**
 * Which Node runs the scripts: the pinned one in node_modules/.bin, which npm puts first in PATH, or, where none exists
 * for the platform, the machine's own, if it is new enough.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const bin = process.platform === 'win32' ? ['node.cmd', 'node.ps1', 'node'] : ['node'];

/** Throws, with what to do in one line, when no Node that is new enough would run the scripts. */
export function checkNode(root) {
  const needed = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).engines.node.replace('>=', '');
  const pinned = pinnedNode(root);
  if (pinned !== undefined) {
    if (realpathSync(pinned) === process.execPath || atLeast(versionOf(pinned), needed)) return;
    removePinned(root); // It cannot run here (another C library, say) and stands in the way of the machine's own.
  }
  if (atLeast(process.version, needed)) return;
  throw new Error(
    `please install Node ${needed} or newer: this is ${process.version}, and no pinned one runs here`,
  );
}

function pinnedNode(root) {
  const path = join(root, 'node_modules', '.bin', bin[0]);
  return existsSync(path) ? path : undefined;
}

function versionOf(node) {
  const run = spawnSync(node, ['--version'], { encoding: 'utf8', shell: process.platform === 'win32' });
  return run.status === 0 ? run.stdout.trim() : undefined;
}

function removePinned(root) {
  for (const name of bin) rmSync(join(root, 'node_modules', '.bin', name), { force: true });
}

function atLeast(version, needed) {
  if (version === undefined) return false;
  const [have, want] = [version.replace(/^v/, ''), needed].map((text) => text.split('.').map(Number));
  const differing = want.findIndex((part, at) => part !== have[at]);
  return differing === -1 || have[differing] > want[differing];
}
