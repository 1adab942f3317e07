/** An origin whose pages have versions, proxies in front of it, and clients that record what they saw. */
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { Test } from 'tap';
import { testWorkers } from '../../helpers/as-workers.ts';
import { closeProxy } from '../../helpers/close-proxy.ts';
import { redisServer, type RedisServer } from '../../helpers/redis-server.ts';
import { barrier, startProxy, startSite } from '../../helpers/scripted-site.ts';
import type { RunningServer } from '../../../src/server.ts';
import type { Operation } from './history.ts';

export type World = {
  readonly redis: RedisServer;
  readonly proxies: readonly RunningServer[];
  readonly history: Operation[];
  /** One client's doings until `isOver`: mostly reads, some writes, of its own page, through one proxy. */
  readonly client: (given: { user: string; instance: number; isOver: () => boolean }) => Promise<void>;
  readonly read: (user: string, instance: number) => Promise<Operation>;
  /** Every kind of meeting once, in order: a hit, a read after a write, and a fetch that a write overtakes. */
  readonly meet: (user: string, instance: number) => Promise<void>;
};

export type WorldOptions = { readonly instances: number; readonly coherence: 'bounded' | 'strict' };

/** In milliseconds. */
export const lagMs = 300;

const rules = (redis: RedisServer, coherence: string) => `
store: { lag: ${lagMs}ms, fallback_ttl: 500ms, coherence: ${coherence}, redis: { url: "${redis.url}", deadline: 100ms } }
identity: { credentials: [session] }
content_types:
  page: { ttl: 600s, scope: user, cache_control: override }
routes:
  - { match: GET /pages/:id, type: page, tags: ["page:{id}"] }
writes:
  - { match: PUT /pages/:id, invalidate: ["page:{id}"] }
`;

/** Text that says whose it is and how new, and shows when a byte is missing. */
const pageOf = (owner: string, version: number): string => {
  const text = `${owner}|${version}|${'x'.repeat(version % 7)}`;
  return `${text}|${hash('sha256', text)}`;
};

function readPage(body: string): Pick<Operation, 'owner' | 'version' | 'isWhole'> {
  const [owner = '', version = '', padding = '', sum] = body.split('|');
  const isWhole = sum === hash('sha256', `${owner}|${version}|${padding}`);
  return { owner, version: Number(version), isWhole };
}

/** Opens a world that ends with the test. */
export async function openWorld(t: Test, { instances, coherence }: WorldOptions): Promise<World> {
  const redis = await redisServer(t);
  const origin = versionedOrigin();
  const site = await startSite(rules(redis, coherence), { answer: origin.answer, control: 'on' });
  t.teardown(() => site.close());
  const address = site.origin.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const proxies = [site.proxy];
  while (proxies.length < instances) {
    const proxy = await startProxy(`upstream: http://127.0.0.1:${port}\n${rules(redis, coherence)}`, {
      control: 'on',
    });
    t.teardown(() => closeProxy(proxy));
    proxies.push(proxy);
  }
  const history: Operation[] = [];
  const operate = async (
    kind: Operation['kind'],
    { user, instance }: { readonly user: string; readonly instance: number },
    connection?: Connection,
  ): Promise<Operation> => {
    const start = performance.now();
    const url = `${proxies[instance]?.url ?? ''}/pages/shared`;
    const body = await send(kind === 'read' ? 'GET' : 'PUT', { url, user, agent: connection?.agent });
    const operation = {
      kind,
      instance,
      process: testWorkers() === undefined ? String(instance) : connection?.name,
      user,
      key: 'shared',
      start,
      end: performance.now(),
      ...readPage(body),
    };
    history.push(operation);
    return operation;
  };
  let clients = 0;
  const client: World['client'] = async ({ user, instance, isOver }) => {
    const pace = clients % 4;
    clients += 1;
    const connection = { name: `client ${clients}`, agent: new Agent({ keepAlive: true, maxSockets: 1 }) };
    for (let turn = 1; !isOver(); turn += 1) {
      const kind = (turn * (pace + 3)) % 7 === 0 ? 'write' : 'read';
      await operate(kind, { user, instance }, connection);
      // No two clients keep step.
      if (turn % (5 + pace) === 0) await operate('read', { user, instance }, connection);
    }
    connection.agent.destroy();
  };
  const read: World['read'] = (user, instance) => operate('read', { user, instance });
  const meet: World['meet'] = async (user, instance) => {
    for (const kind of ['read', 'read', 'write', 'read', 'write'] as const)
      await operate(kind, { user, instance });
    const held = origin.holdNextRead();
    const overtaken = read(user, instance);
    // A broken proxy may answer from its store.
    await Promise.race([held.asked, overtaken]);
    await operate('write', { user, instance });
    held.release();
    await overtaken;
    await read(user, instance);
  };
  return { redis, proxies, history, client, read, meet };
}

/** A client's only one: with several workers it is one worker's. */
type Connection = { readonly name: string; readonly agent: Agent };

type VersionedOrigin = {
  readonly answer: (incoming: IncomingMessage, response: ServerResponse) => void;
  /** The next read gets its version when it is asked, and its answer not before the release. */
  readonly holdNextRead: () => { readonly asked: Promise<void>; readonly release: () => void };
};

/** Every user's page at every path has versions of its own; answers take a little while, more or less. */
function versionedOrigin(): VersionedOrigin {
  const versions = new Map<string, number>();
  let count = 0;
  let held: { readonly asked: () => void; readonly released: Promise<void> } | undefined;
  return {
    answer: ({ method, headers }, response) => {
      const owner = /session=(\w+)/.exec(headers.cookie ?? '')?.[1] ?? 'nobody';
      if (method === 'PUT') versions.set(owner, (versions.get(owner) ?? 0) + 1);
      const body = pageOf(owner, versions.get(owner) ?? 0);
      count += 1;
      if (method === 'GET' && held !== undefined) {
        held.asked();
        void held.released.then(() => response.end(body));
        held = undefined;
        return;
      }
      // Reads are overtaken by writes now and then.
      setTimeout(() => response.end(body), method === 'PUT' ? 0 : (count % 3) * 6);
    },
    holdNextRead: () => {
      const [asked, released] = [barrier(), barrier()];
      held = { asked: asked.arrive, released: released.reached };
      const release = (): void => {
        held = undefined;
        released.arrive();
      };
      return { asked: asked.reached, release };
    },
  };
}

type Sent = { readonly url: string; readonly user: string; readonly agent: Agent | undefined };

async function send(method: string, { url, user, agent }: Sent): Promise<string> {
  const headers = { host: 'www.example.org', cookie: `session=${user}` };
  const sent = request(url, { method, headers, ...(agent === undefined ? {} : { agent }) });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`${method} was answered ${String(response.statusCode)}`);
  return Buffer.concat(await response.toArray()).toString();
}
