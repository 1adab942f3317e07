import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { startProxy } from '../../control/running-proxy.ts';
import { eventually } from '../../helpers/eventually.ts';
import { redisServer } from '../../helpers/redis-server.ts';
import { fileOf, run, serve, startOrigin, token } from '../command.ts';

const rules = `
identity: { credentials: [session] }
content_types: { list: { ttl: 10m, scope: public, tags: ["user:7"] }, page: { ttl: 10m, scope: public, tags: [shared] } }
routes:
  - { match: GET /list, type: list }
  - { match: GET /page, type: page }
`;

type Following = { lines: string[]; errors: () => string; stop: () => Promise<unknown> };

/** `follow redis` as a process; its lines so far. */
function follow(t: Test, args: readonly string[]): Following {
  const child = spawn(process.execPath, ['src/cli.ts', 'follow', 'redis', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, SHELFLIFE_TOKEN: token },
  });
  const exited = once(child, 'exit');
  t.teardown(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const lines: string[] = [];
  let errors = '';
  createInterface(child.stdout).on('line', (line) => lines.push(line));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const stop = (): Promise<unknown> => {
    child.kill('SIGTERM');
    return exited;
  };
  return { lines, errors: () => errors, stop };
}

const isHit = async (url: string): Promise<boolean> =>
  ((await fetch(url)).headers.get('cache-status') ?? '').includes('hit');

t.test(
  '`follow redis` purges the users whose keys the app deletes, and everything after a gap',
  async (t) => {
    const redis = await redisServer(t);
    const { server } = await startProxy(t, { rules });
    const urls = [`${server.url}/list`, `${server.url}/page`];
    for (const url of urls) await isHit(url);
    const key = ['--key', '^web:files:user:([^:]+):', '--key', '^user_files:.*:([^:]+):'];
    const { lines, errors, stop } = follow(t, [
      '--url',
      redis.url,
      '--control',
      String(server.controlUrl),
      '--configure',
      ...key,
    ]);
    const has = (text: string) => eventually(text, () => lines.some((line) => line.includes(text)));
    await has('"everything":true');
    for (const url of urls) t.equal(await isHit(url), false, 'what was missed before is purged');
    for (const url of urls) t.equal(await isHit(url), true);

    await redis.client.set('web:files:user:7:abc', '1');
    await redis.client.set('other:7', '1');
    await redis.client.del('other:7');
    await redis.client.del('web:files:user:7:abc');
    await has('"users":["7"]');
    t.equal(await isHit(urls[0] ?? ''), false);
    t.equal(await isHit(urls[1] ?? ''), true, 'others keep theirs');

    lines.length = 0;
    await redis.kill();
    await redis.start();
    await has('"everything":true');
    t.equal(await isHit(urls[1] ?? ''), false, 'a connection that was lost may have missed something');
    await redis.client.set('user_files:x:7:y', '1');
    await redis.client.unlink('user_files:x:7:y');
    await has('"users":["7"]');
    t.notMatch(errors(), redis.url.slice('redis://'.length, -2), 'no address is shown');
    t.same(await stop(), [0, null]);
  },
);

t.test('`follow redis` keeps what it learned until the control API answers', async (t) => {
  const redis = await redisServer(t, '--notify-keyspace-events', 'Eg');
  const site = await serve(t, ['-c', fileOf(t, `upstream: ${await startOrigin(t)}\n${rules}`)]);
  const args = ['--control', site.control, '--on-gap', 'nothing', '--tag', 'shared', '--key', '^u:(\\d+)$'];
  const { lines, errors, stop } = follow(t, ['--url', redis.url, ...args]);
  await eventually('listening', () => lines.length > 0);
  site.process.kill('SIGSTOP');
  for (const user of [7, 8, 7]) {
    await redis.client.set(`u:${user}`, '1');
    await redis.client.del(`u:${user}`);
  }
  site.process.kill('SIGCONT');
  const purged = '{"purged":{"users":["7","8"],"tags":["shared"]}}';
  await eventually(purged, () => lines.join().includes('"8"'));
  t.match(lines.slice(1).join(), /"7".*"tags":\["shared"\]/);
  t.equal(errors(), '');
  t.same(await stop(), [0, null]);
});

t.test('`follow` reports invalid arguments', async (t) => {
  t.match(await run(['follow', 'redis', '--url', 'redis://127.0.0.1:1']), { code: 1, stderr: /--key/ });
  t.match(await run(['follow', 'redis', '--url', 'redis://127.0.0.1:1', '--key', '(']), {
    code: 1,
    stderr: /not a valid regular expression/,
  });
  t.match(await run(['follow', 'mongodb', '--url', 'mongodb://127.0.0.1:1/app']), {
    code: 1,
    stderr: /npm install mongodb/,
  });
});
