/**
 * Valkey where the system's packages have none: Debian 12 has it in bookworm-backports only. It is fetched from there and
 * unpacked into node_modules/.cache, which needs no rights, starts no service and leaves the system's package sources and
 * lists as they are. The libraries it needs are those of redis-server.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const RELEASE = 'bookworm';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const SOURCE = `Types: deb
URIs: http://deb.debian.org/debian
Suites: ${RELEASE}-backports
Components: main
Signed-By: ${KEYRING}
`;

const folderOf = (root) => join(root, 'node_modules', '.cache', 'valkey');

/** The program that `unpackValkey` brings; test/helpers/redis-server.ts looks for it at the same place. */
export const unpackedValkey = (root) => join(folderOf(root), 'usr', 'bin', 'valkey-server');

/** Fetches and unpacks it, if this is a system it can be had for. Whether it worked shows by the program being there. */
export function unpackValkey(root) {
  if (!isRelease() || !existsSync(KEYRING)) return;
  process.stderr.write(`shelflife: fetching valkey-server from ${RELEASE}-backports, for the tests only…\n`);
  const folder = folderOf(root);
  const work = `${folder}.new`;
  rmSync(work, { recursive: true, force: true });
  for (const each of ['sources', 'lists/partial', 'cache/archives/partial', 'packages', 'unpacked']) {
    mkdirSync(join(work, each), { recursive: true });
  }
  writeFileSync(join(work, 'sources', 'valkey.sources'), SOURCE);
  if (fetchPackages(work) && runs(join(work, 'unpacked', 'usr', 'bin', 'valkey-server'))) {
    rmSync(folder, { recursive: true, force: true });
    renameSync(join(work, 'unpacked'), folder);
  }
  rmSync(work, { recursive: true, force: true });
}

function isRelease() {
  if (process.platform !== 'linux' || !existsSync('/etc/os-release')) return false;
  return readFileSync('/etc/os-release', 'utf8').split('\n').includes(`VERSION_CODENAME=${RELEASE}`);
}

function fetchPackages(work) {
  const packages = join(work, 'packages');
  // What other hooks of `update` end with is of no interest: what counts is that the packages come.
  apt(work, ['update', '-qq']);
  const download = ['download', '-qq', 'valkey-server', 'valkey-tools'];
  if (!apt(work, download) && !apt(work, download)) return false;
  return readdirSync(packages).every((name) =>
    succeeds('dpkg-deb', ['-x', join(packages, name), join(work, 'unpacked')]),
  );
}

/** apt-get with sources, lists and cache of its own; the signatures are checked as ever. */
function apt(work, args) {
  const own = {
    'Dir::Etc::sourcelist': '/dev/null',
    'Dir::Etc::sourceparts': join(work, 'sources'),
    'Dir::State::lists': join(work, 'lists'),
    'Dir::Cache': join(work, 'cache'),
    // The user apt would change to may not see this folder.
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
  };
  const options = Object.entries(own).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return succeeds('apt-get', [...options, ...args], join(work, 'packages'));
}

const runs = (program) => existsSync(program) && succeeds(program, ['--version']);

function succeeds(command, args, cwd) {
  return spawnSync(command, args, { cwd, stdio: 'ignore', timeout: 3 * 60_000 }).status === 0;
}
