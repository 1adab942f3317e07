/** One of two instances behind a switch restarts repeatedly under load: no client notices. */
import { Agent } from 'node:http';
import t from 'tap';
import { eventually } from '../../helpers/eventually.ts';
import { askSite, startOrigin } from '../../helpers/instances.ts';
import { freePort, redisServer } from '../../helpers/redis-server.ts';
import { startServing } from '../../helpers/serving.ts';
import { tcpSwitch } from '../../helpers/tcp-switch.ts';
import { stopwatch } from '../../helpers/stopwatch.ts';

const rules = (upstream: string, redisUrl: string): string => `
upstream: ${upstream}
store: { coherence: strict, redis: { url: "${redisUrl}", deadline: 5s } }
content_types:
  page: { ttl: 600s, scope: public, cache_control: override, tags: ["page:{id}"] }
routes:
  - { match: GET /p/:id, type: page }
writes:
  - { match: "PUT /p/:id", invalidate: ["page:{id}"] }
`;

const stops = 2;

t.test('one of two instances is stopped and started under load', async (t) => {
  const redis = await redisServer(t);
  const origin = await startOrigin(t);
  const versions = new Map<string, number>();
  origin.answerWith((request, response) => {
    const path = request.url ?? '';
    if (request.method === 'PUT') versions.set(path, (versions.get(path) ?? 0) + 1);
    const version = versions.get(path) ?? 0;
    // Many are under way whenever an instance stops, and few cost anything while it does.
    setTimeout(() => response.end(`${path} ${version}`), request.method === 'PUT' ? 1 : 30);
  });
  const ports = [await freePort(), await freePort()];
  const config = rules(origin.url, redis.url);
  const start = (at: number) => startServing(t, config, { listen: `127.0.0.1:${ports[at] ?? 0}` });
  const [first, second] = await Promise.all([start(0), start(1)]);
  const { url } = await tcpSwitch(t, ports);
  /** Every request on a connection of its own. */
  const fresh = new Agent({ keepAlive: false });
  const failures: string[] = [];
  let answers = 0;
  let isOver = false;
  /** Of a connection that was used before and is gone when it is used again, a client knows: it asks once more (RFC 9112 §9.3.1). */
  const read = async (path: string, agent: Agent) => {
    try {
      return await askSite(url + path, { agent });
    } catch (error) {
      if (agent === fresh) throw error;
      return await askSite(url + path, { agent: fresh });
    }
  };
  /** On a connection of its own. One that broke before it was taken was not carried out, and may be sent again. */
  const write = async (path: string, before: number): Promise<number> => {
    try {
      const { text } = await askSite(url + path, { method: 'PUT', agent: fresh });
      return Number(text.split(' ')[1]);
    } catch (error) {
      if ((versions.get(path) ?? 0) !== before) throw error;
      return before;
    }
  };
  const client = async (name: number, agent: Agent): Promise<void> => {
    const path = `/p/${name}`;
    let version = 0;
    for (let turn = 1; !isOver; turn += 1) {
      try {
        if (turn % 10 === 0) version = await write(path, version);
        const { status, text } = await read(path, agent);
        if (status !== 200 || text !== `${path} ${version}`)
          failures.push(`${status} ${text}, not ${version}`);
        await read(`/p/other-${name}-${turn}`, agent);
      } catch (error) {
        failures.push(`${String(error)} of ${name}`);
      }
      answers += 1;
    }
  };
  const agents = [0, 1].map(() => new Agent({ keepAlive: true, maxSockets: 1 }));
  t.teardown(() => {
    for (const agent of agents) agent.destroy();
  });
  const clients = [...agents, fresh, fresh].map((agent, name) => client(name, agent));
  let serving = second;
  const more = async (count: number): Promise<void> => {
    const enough = answers + count;
    await eventually('clients are at work', () => answers > enough);
  };
  for (let stop = 0; stop < stops; stop += 1) {
    await more(60);
    const tookMs = stopwatch();
    t.equal(await serving.end('SIGTERM'), 0);
    t.ok(tookMs() < 15_000);
    await more(30);
    serving = await start(1);
  }
  await more(60);
  isOver = true;
  await Promise.all(clients);
  t.strictSame(failures, []);
  for (const last of [first, serving]) t.equal(await last.end('SIGTERM'), 0);
});
