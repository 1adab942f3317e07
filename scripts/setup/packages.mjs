/**
 * npm packages: whether node_modules is what the lock file says, and making it so.
 *
 * npm writes node_modules/.package-lock.json as the last act of an install; comparing it with package-lock.json shows an
 * old, interrupted or missing install. Optional packages (other platforms' binaries) may be absent, and extra ones stay.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const FLAGS = ['--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];

/** Whether every package the lock file asks for is installed in its version. */
export function packagesAreCurrent(root) {
  const wanted = readPackages(join(root, 'package-lock.json'));
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === undefined) throw new Error('package-lock.json is missing or damaged');
  if (installed === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => path === '' || isInstalled(installed[path], entry));
}

function isInstalled(have, want) {
  if (have === undefined) return want.optional === true && !isPinnedNodeHere(want);
  return have.version === want.version && have.integrity === want.integrity;
}

/** The pinned Node is optional to npm, for other platforms' sake, but not on its own platform. */
function isPinnedNodeHere(entry) {
  return (
    entry.bin?.node !== undefined && includes(entry.os, process.platform) && includes(entry.cpu, process.arch)
  );
}

function includes(listOrName, name) {
  return [listOrName].flat().includes(name);
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined; // Missing, or cut short by an interrupted install: both mean "install".
  }
}

/** Installs what the lock file says; throws with npm's own words when it fails twice. */
export function installPackages(root) {
  process.stderr.write('shelflife: installing packages…\n');
  const first = npmCi(root);
  if (first.status === 0) return;
  const second = npmCi(root);
  if (second.status === 0) return;
  throw new Error(
    `npm ci failed${second.error ? ` (${second.error.message})` : ''}\n${second.stdout ?? ''}${second.stderr ?? ''}`,
  );
}

function npmCi(root) {
  return spawnSync('npm', ['ci', ...FLAGS], {
    cwd: root,
    encoding: 'utf8',
    // Not the pinned Node, which this very command removes and puts back.
    env: { ...process.env, PATH: pathWithout(join('node_modules', '.bin')) },
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });
}

function pathWithout(ending) {
  const entries = (process.env.PATH ?? '').split(delimiter);
  return entries.filter((entry) => !entry.endsWith(ending)).join(delimiter);
}
