/**
 * Tells a worker that hangs from one that waits for the processor: only the first is to be ended, since another in its place
 * would wait as well. A process that waits is `R` in /proc, and its processor time does not grow with the clock's.
 *
 * Promise: one that is stopped, or blocked in a call, or in an endless loop on a machine with time for it, is not excused.
 */

import { readFileSync } from 'node:fs';

/** What /proc says of a process's main thread; `state` is its letter there. */
export type Run = { readonly state: string; readonly ranMs: number };

/** The clock ticks of /proc, on every Linux that Node runs on. */
const tickMs = 10;
/** Behind the name in parentheses; fields 3, 14 and 15 of proc_pid_stat(5). */
const places = { state: 0, userTicks: 11, systemTicks: 12 };

/** Reads it; `undefined` where there is no /proc, or no such process any more. */
export function runOf(pid: number | undefined): Run | undefined {
  if (pid === undefined) return undefined;
  try {
    return readRun(readFileSync(`/proc/${pid}/task/${pid}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}

/** Reads one line of /proc/PID/stat. */
export function readRun(line: string): Run {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[places.userTicks]) + Number(fields[places.systemTicks]);
  return { state: fields[places.state] ?? '', ranMs: ticks * tickMs };
}

/** How long a process has waited for the processor in the last `elapsedMs`, at the beginning of which it was as `before`. */
export function waitedMs(elapsedMs: number, before: Run | undefined, now: Run | undefined): number {
  if (before === undefined || now?.state !== 'R') return 0;
  return Math.max(0, elapsedMs - (now.ranMs - before.ranMs));
}
