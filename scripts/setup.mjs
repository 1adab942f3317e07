/**
 * Makes a fresh machine able to run this project: packages, a Node new enough, and with `--test` what the tests need.
 *
 * Runs before every npm script, so it is plain JavaScript for the Node that a machine happens to have, says nothing
 * when there is nothing to do, and decides by comparing contents, never dates (a checkout sets those at will).
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { once } from './setup/lock.mjs';
import { checkNode } from './setup/node-version.mjs';
import { installPackages, packagesAreCurrent } from './setup/packages.mjs';
import { installSystemPackages, missingSystemPackages } from './setup/system-packages.mjs';
import { buildTap, tapIsBuilt } from './setup/tap.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const forTests = process.argv.includes('--test');

/** What is still to be done, in order. */
function openSteps() {
  const steps = [];
  if (!packagesAreCurrent(root)) steps.push(() => installPackages(root));
  if (forTests) {
    // Packages just installed need tap built again, so this is asked once more when its turn comes.
    steps.push(() => tapIsBuilt(root) || buildTap(root));
    const missing = missingSystemPackages(root);
    if (missing.length > 0) steps.push(() => installSystemPackages(root, missing));
  }
  return steps;
}

function nothingToDo() {
  return (
    packagesAreCurrent(root) && (!forTests || (tapIsBuilt(root) && missingSystemPackages(root).length === 0))
  );
}

try {
  if (!nothingToDo()) await once(root, () => openSteps().forEach((step) => step()));
  checkNode(root);
} catch (error) {
  process.stderr.write(`shelflife: ${error.message}\n`);
  process.exitCode = 1;
}
