/**
 * What the tests need from outside npm: redis-server and, once a test drives one, a Chromium. On a Debian-like system
 * root gets them from its packages; anyone else is told in one line what to install, and the tests run without.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const REDIS = {
  commands: ['redis-server', 'valkey-server'],
  packages: ['redis-server'],
  name: 'redis-server',
};
const BROWSER = {
  commands: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
  packages: ['chromium', 'fonts-dejavu-core'], // without any font, text has no size and nothing can be clicked
  name: 'chromium',
};

/** The needs that no command in PATH fills. */
export function missingSystemPackages(root) {
  const missing = [REDIS, BROWSER].filter((need) => !need.commands.some(isInPath));
  return missing.filter((need) => need !== BROWSER || someTestDrivesABrowser(join(root, 'test')));
}

function isInPath(command) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => isExecutable(join(folder, command)));
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function someTestDrivesABrowser(folder) {
  if (!existsSync(folder)) return false;
  const files = readdirSync(folder, { recursive: true }).filter((name) => /\.ts$/.test(name));
  return files.some((name) => /from 'playwright-core'/.test(readFileSync(join(folder, name), 'utf8')));
}

/** Installs the packages, or says what to install; never fails, as most tests run without them. */
export function installSystemPackages(missing) {
  const packages = missing.flatMap((need) => need.packages);
  if (mayUseApt()) {
    process.stderr.write(`shelflife: installing ${packages.join(', ')}…\n`);
    if (aptInstall(packages) || aptInstall(packages)) return;
  }
  const names = missing.map((need) => need.name).join(' and ');
  process.stderr.write(`shelflife: please install ${names}; the tests that need it fail without\n`);
}

function mayUseApt() {
  return process.platform === 'linux' && process.getuid?.() === 0 && isInPath('apt-get');
}

function aptInstall(packages) {
  const wait = ['-o', 'DPkg::Lock::Timeout=300'];
  const install = ['install', '-y', '-qq', '--no-install-recommends', ...wait, ...packages];
  return apt(['update', '-qq', ...wait]) && apt(install);
}

function apt(args) {
  // Run level 1 keeps the packages' own services from being started: tests start theirs on ports of their own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  return spawnSync('apt-get', args, { env, stdio: 'ignore', timeout: 8 * 60_000 }).status === 0;
}
