/** A load for the sample app: reads, writes, downloads, errors; counted by the clients and by the origin. */
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request as ask, type ServerResponse } from 'node:http';
import { Visitor } from '../examples/visitor.ts';

/** One request to come. `type` is the content type that config/demo.yaml gives it. */
export type Planned = {
  readonly method: string;
  readonly path: string;
  readonly type: string;
  readonly as: 'demo' | 'maya' | 'admin' | 'nobody' | 'doubtful';
  readonly body?: object;
};

/** What a client has seen of one request; `seconds` from its sending to the last byte. */
export type Seen = Planned & {
  readonly status: number;
  readonly cacheStatus: string;
  readonly isCut: boolean;
};

const people = ['demo', 'maya', 'admin'] as const;

/** Each read of the app, and the type of its route. */
const reads: readonly (readonly [path: string, type: string])[] = [
  ['/', 'user_stats'],
  ['/api/stats', 'user_stats'],
  ['/api/public_stats', 'public_stats'],
  ['/api/files?page=1', 'file_list'],
  ['/api/files?page=2', 'file_list'],
  ['/files', 'file_list'],
  ['/api/files/1', 'file_content'],
  ['/api/files/2', 'file_content'],
  ['/api/files/99999', 'file_content'],
  ['/md/1', 'markdown_render'],
  ['/api/search?q=python', 'search_results'],
  ['/api/search?q=cache&utm_source=x', 'search_results'],
  ['/api/bookmarks', 'bookmarks'],
  ['/api/tags', 'tags'],
  ['/api/settings', 'settings'],
  ['/static/app.js', 'asset'],
  ['/static/style.css', 'asset'],
];
const passes: readonly (readonly [path: string, type: string])[] = [
  ['/download/1', 'pass'],
  ['/healthz', 'pass'],
  ['/new', 'pass'],
];

/** The same list for the same count: reads of all kinds with a write in twenty-five, a pass in fifteen, trouble in thirty. */
export function planOf(count: number): Planned[] {
  return Array.from({ length: count }, (_, n): Planned => {
    const as = people[n % 3] ?? 'demo';
    if (n % 25 === 7) return writeOf(n, as);
    if (n % 30 === 11) return { method: 'GET', path: '/api/files/1', type: 'file_content', as: 'doubtful' };
    if (n % 30 === 13) return { method: 'GET', path: `/md/${500 + (n % 4)}`, type: 'markdown_render', as };
    if (n % 30 === 17) return { method: 'HEAD', path: '/api/tags', type: 'tags', as };
    if (n % 60 === 29) return { method: 'GET', path: `/static/cut.js?${n}`, type: 'asset', as: 'nobody' };
    const list = n % 15 === 4 ? passes : reads;
    const [path, type] = list[(n * 7) % list.length] ?? ['/healthz', 'pass'];
    return { method: 'GET', path, type, as: n % 11 === 3 ? 'nobody' : as };
  });
}

function writeOf(n: number, as: Planned['as']): Planned {
  switch (((n / 20) % 4) | 0) {
    case 0:
      return { method: 'POST', path: '/api/bookmarks/toggle/1', type: 'pass', as };
    case 1:
      return {
        method: 'POST',
        path: '/api/settings',
        type: 'pass',
        as,
        body: { theme: n % 50 < 25 ? 'dark' : 'light' },
      };
    case 2:
      return { method: 'POST', path: '/api/favorite/toggle/2', type: 'pass', as };
    default:
      return { method: 'PUT', path: '/api/files/77777', type: 'pass', as, body: { name: 'nobody.py' } };
  }
}

/** The sample app as the proxy sees it: every request counted, some answered with trouble. */
export type CountedOrigin = {
  readonly port: number;
  readonly requests: () => number;
  /** Answers that say the origin is in trouble, and answers cut short. */
  readonly errors: () => number;
  readonly close: () => Promise<void>;
};

/** Stands before the app, counts, and passes on. */
export async function countOrigin(appPort: number): Promise<CountedOrigin> {
  let requests = 0;
  let errors = 0;
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, outgoing) => {
    requests += 1;
    const target = incoming.url ?? '/';
    if (target.startsWith('/static/cut.js')) {
      errors += 1;
      outgoing.writeHead(200, { 'content-length': '100', 'cache-control': 'max-age=60' });
      outgoing.write('half', () => outgoing.destroy());
    } else if (/^\/md\/50\d$/.test(target)) {
      errors += 1;
      outgoing.writeHead(503, { 'content-type': 'text/plain' }).end('busy\n');
    } else passOn(incoming, outgoing, { port: appPort, agent });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    requests: () => requests,
    errors: () => errors,
    close: async () => {
      agent.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function passOn(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { port, agent }: { port: number; agent: Agent },
): void {
  const { method = 'GET', url: path = '/', rawHeaders } = incoming;
  const sent = ask({ port, host: '127.0.0.1', method, path, agent, headers: rawHeaders }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(outgoing);
  });
  sent.on('error', () => outgoing.destroy());
  incoming.pipe(sent);
}

export type Driving = { readonly atOnce: number; readonly beforeEach?: () => void };

/** Asks for all of it, so many at a time; gives what the clients have seen. Their logins are in it. */
export async function drive(
  site: string,
  plan: readonly Planned[],
  { atOnce, beforeEach }: Driving,
): Promise<Seen[]> {
  const seen: Seen[] = [];
  const cookies = new Map<string, string>();
  for (const name of people) {
    const visitor = new Visitor(site);
    const login: Planned = { method: 'POST', path: '/login', type: 'pass', as: 'nobody' };
    const answer = await visitor.post('/login', { username: name, password: 'demo' });
    seen.push({ ...login, status: answer.status, cacheStatus: statusOf(answer), isCut: false });
    // Shows the greeting, which is in the session until then.
    const greeted = await visitor.ask('/settings');
    const greeting: Planned = { method: 'GET', path: '/settings', type: 'settings', as: name };
    seen.push({ ...greeting, status: greeted.status, cacheStatus: statusOf(greeted), isCut: false });
    cookies.set(name, visitor.cookie ?? '');
  }
  const waiting = [...plan];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      beforeEach?.();
      seen.push(await fetchOne(site, next, cookies));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return seen;
}

const statusOf = ({ headers }: Response): string =>
  (headers.get('cache-status') ?? '').replace('shelflife; ', '');

async function fetchOne(site: string, planned: Planned, cookies: ReadonlyMap<string, string>): Promise<Seen> {
  const { method, path, as, body } = planned;
  const mine = cookies.get(as) ?? '';
  const cookie = as === 'doubtful' ? `${cookies.get('demo') ?? ''}; session=another` : mine;
  const response = await fetch(site + path, {
    method,
    redirect: 'manual',
    headers: {
      ...(cookie === '' ? {} : { cookie }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const isCut = await response.arrayBuffer().then(
    () => false,
    () => true,
  );
  return { ...planned, status: response.status, cacheStatus: statusOf(response), isCut };
}
