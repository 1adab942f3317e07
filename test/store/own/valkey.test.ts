/**
 * Valkey in place of Redis: the store, the purge log, two proxies with and without failures, and the rights in the manual, on
 * a single server, a Cluster and Sentinels. Each is the test of its own file, run again.
 */
import t from 'tap';
import { redisServer, takeValkey } from '../../helpers/redis-server.ts';

takeValkey();

t.test('the servers are Valkey', async (t) => {
  const server = await redisServer(t);
  t.match(await server.client.info('server'), /^server_name:valkey/m);
});

await import('../redis/tiered.test.ts');
await import('../log/redis-purge-log.test.ts');
await import('../log/log-generations.test.ts');
await import('../two-instances.test.ts');
await import('../rights.test.ts');
