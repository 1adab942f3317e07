/** Tests of the shared purge log: each on an empty real Redis of its own. */
import type { Test } from 'tap';
import { redisServer, type RedisServer } from '../helpers/redis-server.ts';
import { tagsOf } from './entry.ts';
import { type Instance, type InstanceOptions, openInstance } from './instance.ts';

type Open = (options?: Partial<InstanceOptions>) => Promise<Instance>;

/** Runs `check` with an empty Redis. */
export function onRedis(
  t: Test,
  behaviour: string,
  check: (t: Test, open: Open, redis: RedisServer) => Promise<void>,
): void {
  void t.test(behaviour, async (t) => {
    const redis = await redisServer(t);
    await check(t, (options) => openInstance(t, { url: redis.url, ...options }), redis);
  });
}

export const tagged = (tag: string) => ({ tags: tagsOf(tag) });
