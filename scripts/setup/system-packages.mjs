/**
 * What the tests need from outside npm: redis-server, valkey-server and, once a test drives one, a Chromium. On a
 * Debian-like system root gets them from its packages; anyone else is told in one line what to install, and the tests run
 * without: those that need it fail. valkey-server also comes by setup/valkey.mjs, where its packages have none.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { unpackedValkey, unpackValkey } from './valkey.mjs';

const REDIS = {
  commands: ['redis-server', 'valkey-server'],
  packages: ['redis-server'],
  name: 'redis-server',
};
const VALKEY = { commands: ['valkey-server'], packages: ['valkey-server'], name: 'valkey-server' };
const BROWSER = {
  commands: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
  packages: ['chromium', 'fonts-dejavu-core'], // without any font, text has no size and nothing can be clicked
  name: 'chromium',
};

/** The needs that nothing fills. */
export function missingSystemPackages(root) {
  const missing = [REDIS, VALKEY, BROWSER].filter((need) => !isFilled(root, need));
  return missing.filter((need) => need !== BROWSER || someTestDrivesABrowser(join(root, 'test')));
}

function isFilled(root, need) {
  return need.commands.some(isInPath) || (need === VALKEY && isExecutable(unpackedValkey(root)));
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
export function installSystemPackages(root, missing) {
  if (mayUseApt()) aptInstall(missing);
  if (missing.includes(VALKEY) && !isFilled(root, VALKEY)) unpackValkey(root);
  const open = missing.filter((need) => !isFilled(root, need));
  if (open.length === 0) return;
  const names = open.map((need) => need.name).join(' and ');
  process.stderr.write(`shelflife: please install ${names}; the tests that need it fail without\n`);
}

function mayUseApt() {
  return process.platform === 'linux' && process.getuid?.() === 0 && isInPath('apt-get');
}

function aptInstall(missing) {
  const wait = ['-o', 'DPkg::Lock::Timeout=300'];
  const install = ['install', '-y', '-qq', '--no-install-recommends', ...wait];
  // Twice, since mirrors have bad moments.
  for (let attempt = 0; attempt < 2; attempt += 1) {
    if (!apt(['update', '-qq', ...wait])) continue;
    // One that apt does not know would keep it from installing any.
    const packages = missing.flatMap((need) => need.packages).filter(isKnownToApt);
    if (packages.length === 0) return;
    process.stderr.write(`shelflife: installing ${packages.join(', ')}…\n`);
    if (apt([...install, ...packages])) return;
  }
}

function isKnownToApt(name) {
  const shown =
    spawnSync('apt-cache', ['policy', name], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
    }).stdout ?? '';
  return /^ {2}Candidate: (?!\(none\))/m.test(shown);
}

function apt(args) {
  // Run level 1 keeps the packages' own services from being started: tests start theirs on ports of their own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  return spawnSync('apt-get', args, { env, stdio: 'ignore', timeout: 8 * 60_000 }).status === 0;
}
