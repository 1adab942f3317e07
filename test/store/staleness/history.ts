/** Checks what clients saw against the promises. Pure. */

/** One request of one client, timed by one clock, in milliseconds. `version` is what it read, or what it wrote. */
export type Operation = {
  readonly kind: 'read' | 'write';
  readonly instance: number;
  /** What answered: an instance that is one process, or the worker behind a kept connection; `undefined`: any worker. */
  readonly process: string | undefined;
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

/** A time in which purges had to wait to be told. */
export type Outage = { readonly from: number; readonly until: number };

/** How far another instance may lag, from when on all must agree, and when purges waited. */
export type Bounds = {
  readonly elsewhereMs: number;
  readonly quietFrom: number;
  readonly outages?: readonly Outage[];
};

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

function ofOneKey(operations: readonly Operation[], bounds: Bounds): BrokenPromise[] {
  const { elsewhereMs, quietFrom } = bounds;
  const broken: BrokenPromise[] = [];
  const writes = operations.filter(({ kind }) => kind === 'write');
  const reads = operations.filter(({ kind, isWhole }) => kind === 'read' && isWhole);
  const newest = Math.max(0, ...writes.map(({ version }) => version));
  for (const operation of reads) {
    const { instance, process, start, end, version } = operation;
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
    // Of two workers one may hear of a write elsewhere before the other, within `elsewhereMs`.
    const before = reads.filter(
      (read) => process !== undefined && read.process === process && read.end < start,
    );
    const seen = Math.max(0, ...before.map((read) => read.version));
    const isBack =
      seen > version && !mayGoBack(operation, { writes: missed, seen, outages: bounds.outages ?? [] });
    if (isBack) broken.push({ promise: 'no-going-back', operation });
    const begun = writes.filter((write) => write.start < end).length;
    if (version > begun) broken.push({ promise: 'no-future', operation });
    if (start > quietFrom && version !== newest) broken.push({ promise: 'convergence', operation });
  }
  return broken;
}

/**
 * An instance that came back earlier than the writer may meet a copy from before the write until the writer's purge is
 * replayed, after its own fetch has shown something newer (CONTRACT §5, "the writer's link to Redis down"). So only where
 * every write in between was made elsewhere, and while purges had to wait.
 */
function mayGoBack(
  { instance }: Operation,
  { writes, seen, outages }: { writes: readonly Operation[]; seen: number; outages: readonly Outage[] },
): boolean {
  const between = writes.filter(({ version }) => version <= seen);
  const isUntold = (write: Operation): boolean =>
    outages.some(({ from, until }) => write.end >= from && write.start <= until);
  return between.every((write) => write.instance !== instance && isUntold(write));
}
