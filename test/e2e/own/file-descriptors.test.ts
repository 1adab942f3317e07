/**
 * A process out of file descriptors: it survives, gives no wrong answer, logs little, and recovers when descriptors are free
 * again.
 */
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { eventually } from '../../helpers/eventually.ts';
import { askSite, startOrigin } from '../../helpers/instances.ts';
import { redisServer } from '../../helpers/redis-server.ts';
import { startServing } from '../../helpers/serving.ts';

const rules = (upstream: string, redisUrl: string): string => `
upstream: { url: "${upstream}", connections: 8 }
store: { lag: 500ms, redis: { url: "${redisUrl}", deadline: 200ms } }
content_types:
  page: { ttl: 600s, scope: public, cache_control: override }
routes:
  - { match: GET /p/:id, type: page }
`;

/** Connections that ask nothing: so many of them, opened anew whenever they are closed, until it is over. */
function hoard(url: string, count: number): () => void {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let isOver = false;
  const open = (): void => {
    if (isOver) return;
    const socket = connect(Number(port), hostname);
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      void delay(20).then(open);
    });
  };
  for (let at = 0; at < count; at += 1) open();
  return () => {
    isOver = true;
    for (const socket of sockets) socket.destroy();
  };
}

/** `ok`, `wrong`, the status of an error, or that there was no answer. */
async function outcomeOf(url: string, agent?: Agent): Promise<string> {
  try {
    const { status, text } = await askSite(url, agent && { agent });
    if (status !== 200) return status === 502 || status === 504 ? 'no origin' : `status ${status}`;
    return text === `answer to ${new URL(url).pathname}` ? 'ok' : `wrong: ${text}`;
  } catch {
    return 'no connection';
  }
}

const allowed = ['ok', 'no origin', 'no connection'];

t.test('the proxy survives running out of file descriptors', async (t) => {
  const redis = await redisServer(t);
  const origin = await startOrigin(t);
  origin.answerWith((request, response) => response.end(`answer to ${request.url ?? ''}`));
  const serving = await startServing(t, rules(origin.url, redis.url), { mostFiles: 64 });
  const { site, lines, state } = serving;
  const kept = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => {
    kept.destroy();
  });
  t.equal(await outcomeOf(`${site}/p/kept`, kept), 'ok');
  await eventually('Redis is used', async () => (await state()).redis === 'up');
  const before = lines.length;
  const startedMs = performance.now();

  const release = hoard(site, 120);
  await eventually('there are none left', async () => (await outcomeOf(`${site}/p/new`)) === 'no connection');
  const outcomes = new Set<string>();
  const fromMemory = new Set<string>();
  const asks = (count: number) =>
    Promise.all(
      Array.from({ length: count }, async (_, at) => {
        outcomes.add(await outcomeOf(`${site}/p/${at}`));
        outcomes.add(await outcomeOf(`${site}/p/on-kept-${at}`, kept));
        fromMemory.add(await outcomeOf(`${site}/p/kept`, kept));
      }),
    );
  await asks(10);
  await redis.client.call('CLIENT', 'KILL', 'TYPE', 'normal');
  // Long enough for everything that comes round every second.
  for (const enough = performance.now() + 2500; performance.now() < enough;) {
    await asks(5);
    await delay(50);
  }
  t.strictSame([...fromMemory], ['ok'], 'memory goes on answering who is connected');
  t.strictSame(
    [...outcomes].filter((outcome) => !allowed.includes(outcome)),
    [],
    'nothing is answered wrong',
  );
  t.equal(serving.process.exitCode, null, 'it lives');
  // One line in so many requests is a sample, whatever the day is like.
  const told = lines.slice(before).filter(({ msg }) => msg !== 'request').length;
  const perSecond = told / ((performance.now() - startedMs) / 1000);
  t.ok(perSecond < 8, `${perSecond.toFixed(1)} lines a second`);

  release();
  await eventually('it answers again', async () => (await outcomeOf(`${site}/p/after`)) === 'ok');
  await eventually('Redis is used again', async () => (await state()).redis === 'up');
  t.equal(await outcomeOf(`${site}/p/kept`), 'ok');
  t.equal(await serving.end('SIGTERM'), 0);
});
