/** A proxy that has something for every panel of the dashboard's page on trust. */
import type { RequestListener } from 'node:http';
import { eventually } from '../helpers/eventually.ts';
import { type Running, startProxy } from './running-proxy.ts';

const rules = `
identity: { credentials: [session] }
unmatched_writes: { url: true, user: false }
ttl: { jitter: 0 }
content_types:
  brief: { ttl: 60s, scope: user, cache_control: override, shadow: true }
  mine: { ttl: 60s, scope: user, cache_control: override, rollout: { percent: 100 } }
  page: { ttl: 60s, scope: public, cache_control: override }
routes:
  - { match: "GET /brief/:id", type: brief }
  - { match: "GET /mine/:id", type: mine }
  - { match: "GET /page/:id", type: page }
audit: { sample: 100% }
rollback: { stale_above: 0.1%, for: 5m, min_requests: 1 }
`;

type Reports = {
  readonly shadow: { readonly total: { readonly stale: number; readonly noise: number } | null };
  readonly rollout: { readonly rollouts: readonly { readonly percent: number }[] };
  readonly quarantine: { readonly routes: readonly unknown[] };
};

/** Starts it: a stale copy and noise in shadow, a rollout that the audit has ended, and a route in quarantine. */
export async function startWithEvidence(
  t: Parameters<typeof startProxy>[0],
  control?: string,
): Promise<Running> {
  let version = 1;
  let count = 0;
  const listener: RequestListener = (request, response) => {
    if (request.method === 'POST') version += 1;
    count += 1;
    const reader = request.headers.cookie ?? 'nobody';
    const pages = {
      brief: { version, csrf_token: `tok${count}` },
      mine: { version },
      page: { greeting: `hello ${reader.replace('session=', '')}` },
    };
    const [, kind = ''] = (request.url ?? '').split('/');
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(kind in pages ? pages[kind as keyof typeof pages] : {}));
  };
  const running = await startProxy(t, { rules, listener, ...(control !== undefined && { control }) });
  const { get, server } = running;
  const cookie = 'session=dana';
  const ask = (path: string) => get(path, { cookie });
  const read = async <Name extends keyof Reports>(name: Name): Promise<Reports[Name]> =>
    (await (await running.control(`/api/cache/${name}`)).json()) as Reports[Name];
  for (const path of ['/brief/1', '/brief/1', '/mine/1', '/page/1', '/page/1']) await ask(path);
  await get('/mine/1', { cookie: 'session=avi' });
  await eventually('noise is known', async () => (await read('shadow')).total?.noise === 1);
  await eventually('a route is in quarantine', async () => (await read('quarantine')).routes.length === 1);
  await fetch(`${server.url}/other/7`, { method: 'POST' });
  await ask('/brief/1');
  await ask('/mine/1');
  await eventually('a copy was stale', async () => (await read('shadow')).total?.stale === 1);
  await eventually('it is rolled back', async () => (await read('rollout')).rollouts[0]?.percent === 0);
  return running;
}
