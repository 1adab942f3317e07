/** What clients saw, and which promises it breaks. Pure. */

/** One request of one client, timed by one clock, in milliseconds. `version` is what it read, or what it wrote. */
export type Operation = {
  readonly kind: 'read' | 'write';
  readonly instance: number;
  readonly user: string;
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly version: number;
  /** Whose page it was, and whether it was whole. */
  readonly owner: string;
  readonly isWhole: boolean;
};

export type PromiseName =
  | 'read-after-own-instance-write'
  | 'read-after-write-elsewhere'
  | 'no-going-back'
  | 'no-future'
  | 'isolation'
  | 'integrity'
  | 'convergence';

export type BrokenPromise = { readonly promise: PromiseName; readonly operation: Operation };

/** How far another instance may lag, and from when on all must agree. */
export type Bounds = { readonly elsewhereMs: number; readonly quietFrom: number };

/** Every broken promise of a history. */
export function brokenPromises(history: readonly Operation[], bounds: Bounds): readonly BrokenPromise[] {
  const broken: BrokenPromise[] = [];
  for (const operations of Map.groupBy(history, ({ key, user }) => `${user} ${key}`).values()) {
    broken.push(...ofOneKey(operations, bounds));
  }
  for (const operation of history) {
    if (operation.kind === 'write') continue;
    if (operation.owner !== operation.user) broken.push({ promise: 'isolation', operation });
    if (!operation.isWhole) broken.push({ promise: 'integrity', operation });
  }
  return broken;
}

function ofOneKey(operations: readonly Operation[], { elsewhereMs, quietFrom }: Bounds): BrokenPromise[] {
  const broken: BrokenPromise[] = [];
  const writes = operations.filter(({ kind }) => kind === 'write');
  const reads = operations.filter(({ kind, isWhole }) => kind === 'read' && isWhole);
  const newest = Math.max(0, ...writes.map(({ version }) => version));
  for (const operation of reads) {
    const { instance, start, end, version } = operation;
    const missed = writes.filter((write) => write.version > version);
    const isLate = (write: Operation) => start > write.end + (write.instance === instance ? 0 : elsewhereMs);
    const late = missed.find(isLate);
    if (late !== undefined) {
      const isOwn = late.instance === instance;
      broken.push({
        promise: isOwn ? 'read-after-own-instance-write' : 'read-after-write-elsewhere',
        operation,
      });
    }
    const before = reads.filter((read) => read.instance === instance && read.end < start);
    if (before.some((read) => read.version > version)) broken.push({ promise: 'no-going-back', operation });
    const begun = writes.filter((write) => write.start < end).length;
    if (version > begun) broken.push({ promise: 'no-future', operation });
    if (start > quietFrom && version !== newest) broken.push({ promise: 'convergence', operation });
  }
  return broken;
}
