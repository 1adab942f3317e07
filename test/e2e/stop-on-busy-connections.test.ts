/** The proxy stops while clients send request after request on kept-alive connections: every request is answered. */
import { Agent } from 'node:http';
import t from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { askSite, startOrigin } from '../helpers/instances.ts';
import { startServing } from '../helpers/serving.ts';

t.test('stopping under load on kept connections', async (t) => {
  const origin = await startOrigin(t);
  origin.answerWith((_request, response) => {
    response.setHeader('Cache-Control', 'max-age=600');
    response.end('here');
  });
  const serving = await startServing(t, `upstream: ${origin.url}\n`);
  await askSite(`${serving.site}/page`);
  let isOver = false;
  const atWork = new Set<number>();
  const client = async (name: number): Promise<unknown> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      while (!isOver) {
        const { headers } = await askSite(`${serving.site}/page`, { agent });
        atWork.add(name);
        if (headers.connection === 'close') return 'told to leave';
      }
      return 'not told';
    } catch (error) {
      return error;
    } finally {
      agent.destroy();
    }
  };
  const clients = Array.from({ length: 40 }, (_, name) => client(name));
  await eventually('all are at work', () => atWork.size === 40);
  t.equal(await serving.end('SIGTERM'), 0);
  isOver = true;
  t.strictSame(
    await Promise.all(clients),
    Array.from({ length: 40 }, () => 'told to leave'),
  );
});
