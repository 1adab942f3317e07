/** Processor time of processes that cannot be asked: all of their threads, and all of their children's. Linux only. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** The processor time a process, and its descendants unless it is asked for `alone`, have taken so far. */
export function cpuMsOf(pid: number, which: 'all' | 'alone' = 'all'): number {
  const pids = which === 'alone' ? [pid] : treeOf(pid);
  return pids.reduce((sum, each) => sum + threadsMs(each), 0);
}

/** A process and its descendants. */
export function treeOf(pid: number): number[] {
  const tasks = linesOf(`/proc/${pid}/task/${pid}/children`);
  return [pid, ...tasks.flatMap((child) => treeOf(Number(child)))];
}

/** schedstat counts nanoseconds; stat only hundredths of a second. */
function threadsMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((sum, thread) => {
    const [onProcessorNs = '0'] = linesOf(`/proc/${pid}/task/${thread}/schedstat`);
    return sum + Number(onProcessorNs) / 1e6;
  }, 0);
}

const linesOf = (file: string): string[] =>
  readFileSync(file, 'utf8')
    .split(/\s/)
    .filter((word) => word !== '');

/** Keeps a process and its descendants, with all their threads, on one core. `false` where that cannot be. */
export function pin(pid: number, core: number): boolean {
  if (cpus().length <= core) return false;
  try {
    for (const each of treeOf(pid))
      execFileSync('taskset', ['-acp', String(core), String(each)], { stdio: 'ignore' });
    return true;
  } catch {
    // No `taskset` here: the numbers are of processes that move.
    return false;
  }
}
