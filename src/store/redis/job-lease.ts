/**
 * Decides which instance runs a shared job: the one that sets the job's key first. When Redis cannot be asked, every
 * instance runs it: one refresh too many is better than none.
 */

import type { Seconds } from '../../kit/time.ts';
import { type RedisClient, within } from './connection.ts';
import type { RedisKeys } from './keys.ts';

export type JobLease = { readonly acquire: (name: string, duration: Seconds) => Promise<boolean> };

type JobLeaseOptions = {
  readonly client: RedisClient;
  readonly keys: Pick<RedisKeys, 'job'>;
  readonly deadlineMs: number;
};

/** Leases over Redis; each expires by itself. */
export function createJobLease({ client, keys, deadlineMs }: JobLeaseOptions): JobLease {
  return {
    acquire: async (name, duration) => {
      const forMs = Math.max(1, Math.floor(duration * 1000));
      try {
        return (await within(deadlineMs, client.set(keys.job(name), '1', 'PX', forMs, 'NX'))) === 'OK';
      } catch {
        // One refresh too many is better than none.
        return true;
      }
    },
  };
}
