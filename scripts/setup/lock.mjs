/**
 * One set-up at a time in a checkout: a second npm script waits for the first, then finds its work done.
 *
 * The lock is a file with the owner's process id, linked into place whole; one whose owner is gone, or that is older
 * than any set-up lasts, is taken over.
 */
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const LONGEST_SETUP_MS = 20 * 60_000;

/** Runs `work` while holding the checkout's lock. */
export async function once(root, work) {
  mkdirSync(join(root, '.data'), { recursive: true });
  const lock = join(root, '.data', 'setup.lock');
  await take(lock);
  try {
    work();
  } finally {
    rmSync(lock, { force: true });
  }
}

async function take(lock) {
  let waiting = false;
  while (!tryTake(lock)) {
    const owner = ownerOf(lock);
    if (owner === undefined) continue;
    if (isAbandoned(lock, owner)) {
      rmSync(lock, { force: true });
    } else if (!waiting) {
      waiting = true;
      process.stderr.write(`shelflife: another set-up is running (process ${owner}), waiting for it\n`);
    }
    await sleep(200);
  }
}

function tryTake(lock) {
  const mine = `${lock}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  try {
    linkSync(mine, lock);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(mine, { force: true });
  }
}

function ownerOf(lock) {
  try {
    return Number(readFileSync(lock, 'utf8'));
  } catch {
    return undefined; // Released in this moment.
  }
}

function isAbandoned(lock, owner) {
  try {
    if (Date.now() - statSync(lock).mtimeMs > LONGEST_SETUP_MS) return true;
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}
