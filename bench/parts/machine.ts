/** Where a number was measured: without it no number means anything. */
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

/** Prints machine, Node and commit. */
export function printMachine(): void {
  const model = cpus()[0]?.model ?? 'unknown processor';
  const memory = `${(totalmem() / 2 ** 30).toFixed(1)} GiB`;
  console.log(`${model} × ${availableParallelism()}, ${memory}, load ${(loadavg()[0] ?? 0).toFixed(1)}`);
  console.log(`Node ${process.version}, commit ${commit()}`);
}

function commit(): string {
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') === '' ? '' : ' with changes');
  } catch {
    // No repository, or no commit yet: the numbers are of what lies here.
    return 'none';
  }
}

const git = (...words: string[]): string =>
  execFileSync('git', words, {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
