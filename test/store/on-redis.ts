/** Tests of the shared purge log: each on an empty real Redis of its own. */
import t from 'tap';
import { redisServer, type RedisServer } from '../helpers/redis-server.ts';
import { tagsOf } from './entry.ts';
import { type Instance, type InstanceOptions, openInstance } from './instance.ts';

type Open = (options?: Partial<InstanceOptions>) => Promise<Instance>;
type Tap = Parameters<typeof openInstance>[0];

/** Runs `check` with an empty Redis. */
export function onRedis(
  behaviour: string,
  check: (t: Tap, open: Open, redis: RedisServer) => Promise<void>,
): void {
  void t.test(behaviour, async (t) => {
    const redis = await redisServer(t);
    await check(t, (options) => openInstance(t, { url: redis.url, ...options }), redis);
  });
}

export const tagged = (tag: string) => ({ tags: tagsOf(tag) });
