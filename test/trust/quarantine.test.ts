/** Public routes that are not the same for everybody go into quarantine; those that are never do. */
import { SignJWT } from 'jose';
import t, { type Test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { type Answer, cacheStatus, startSite } from '../helpers/scripted-site.ts';
import { playCleanTraffic } from './clean-traffic.ts';

const token = 'a-control-token-of-many-characters';
const rules = (more: string): string => `
${more}
control: { token: ${token} }
content_types:
  all: { ttl: 100s, scope: public, cache_control: override }
routes: [{ match: GET /all, type: all }, { match: GET /other, type: all }, { match: GET /:page, type: all }]
`;
const session = 'session=a-long-session-value-0123456789';

type Listed = { readonly routes: readonly { readonly route: string; readonly reason: string }[] };

async function start(t: Test, answer: Answer, more: string) {
  const site = await startSite(rules(more), { answer });
  t.teardown(() => site.close());
  const control = (path: string, body?: object): Promise<Response> =>
    fetch(`${site.proxy.controlUrl ?? ''}${path}`, {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
  const get = async (path: string, cookie = session): Promise<string> =>
    cacheStatus(await fetch(site.url + path, { headers: { cookie } }));
  const routes = async (): Promise<Listed['routes']> =>
    ((await (await control('/api/cache/quarantine')).json()) as Listed).routes;
  const idle = (): Promise<void> => site.proxy.refresh.governor.idle();
  return { ...site, control, get, routes, idle };
}

const json =
  (of: (cookie: string | undefined) => object): Answer =>
  (request, response) => {
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(of(request.headers.cookie)));
  };

t.test('in shadow and in the audit, found at once, until an operator lifts it', async (t) => {
  const greets = json((cookie) => ({ greeting: cookie === undefined ? 'hello' : 'hello Dana' }));
  for (const more of ['mode: shadow', 'audit: { sample: 100% }']) {
    const site = await start(t, greets, more);
    await site.get('/all');
    await site.get('/all');
    await eventually('it is found', async () => (await site.routes()).length === 1);
    t.match(
      await site.routes(),
      [{ route: '/all', reason: 'differs-by-identity', places: ['/greeting'] }],
      more,
    );
    t.equal(await site.get('/all'), 'fwd=bypass; detail=quarantine', 'what was stored is not given');
    t.equal(await site.get('/all;x'), 'fwd=bypass; detail=quarantine', 'nor a page that may be the same');
    const explained = await site.control('/explain?method=GET&url=/all');
    t.match(await explained.json(), { verdict: { kind: 'passed', reason: 'quarantine' } });
    t.notMatch(await site.get('/other'), /quarantine/, 'only that route');
    t.match(await (await site.control('/api/cache/quarantine/lift', { route: '/all' })).json(), {
      lifted: true,
    });
    t.notMatch(await site.get('/all'), /quarantine/);
    t.match(await (await site.control('/api/cache/quarantine/lift', { route: '/all' })).json(), {
      lifted: false,
    });
    t.equal((await site.control('/api/cache/quarantine/lift', {})).status, 400);
  }
});

t.test('a page that shows one of two banners by chance is the same for everybody', async (t) => {
  let own = 0;
  const site = await start(
    t,
    json((cookie) => {
      if (cookie !== undefined) own += 1;
      // By chance the reader had the other one four times.
      return { banner: cookie !== undefined && own < 5 ? 'b' : 'a' };
    }),
    'mode: shadow',
  );
  await site.get('/all');
  const isChecked = async (): Promise<boolean> => own >= 5 || (await site.routes()).length > 0;
  await eventually('it has been checked', isChecked);
  await site.idle();
  t.same(await site.routes(), []);
});

// A million: scripts/trust-soak.ts.
t.test('clean traffic brings nothing into quarantine', async (t) => {
  const { asked, quarantined } = await playCleanTraffic(400, 7);
  t.ok(asked > 450, `the app was asked again: ${asked}`);
  t.same(quarantined, []);
});

t.test('each hazard has its name', async (t) => {
  const cases: readonly (readonly [Answer, string])[] = [
    [json((cookie) => ({ you: cookie ?? '' })), 'session-echo'],
    [
      json((cookie) => (cookie === undefined ? { error: 'log in' } : { mail: 'dana@example.org' })),
      'differs-by-identity',
    ],
    [
      (request, response) => response.writeHead(request.headers.cookie === undefined ? 302 : 200).end('x'),
      'differs-by-identity',
    ],
  ];
  const secret = 'a secret of thirty-two characters';
  const signed = new SignJWT({ sub: 'dana' }).setProtectedHeader({ alg: 'HS256' });
  const jwt = await signed.sign(new TextEncoder().encode(secret));
  const named = await start(
    t,
    json((cookie) => ({ hello: cookie === undefined ? 'you' : 'dana' })),
    `mode: shadow\nidentity: { jwt: { cookie: session, secret: ${secret} } }`,
  );
  await named.get('/all', `session=${jwt}`);
  await eventually('it is found', async () => (await named.routes()).length === 1);
  t.match(await named.routes(), [{ reason: 'names-its-reader' }]);
  for (const [answer, reason] of cases) {
    const site = await start(t, answer, 'mode: shadow');
    await site.get('/all');
    await eventually('it is found', async () => (await site.routes()).length === 1);
    t.match(await site.routes(), [{ reason }]);
  }
});

t.test('a client cannot make a page its own by sending what is in it', async (t) => {
  const site = await start(
    t,
    json(() => ({ text: 'a-long-session-value-0123456789' })),
    'mode: shadow',
  );
  await site.get('/all');
  await eventually('it is checked', () => site.seen.length === 3);
  await site.idle();
  t.same(await site.routes(), []);
});

t.test('an error that repeats a forged session is no page of its reader', async (t) => {
  const site = await start(
    t,
    (request, response) => {
      const { cookie } = request.headers;
      response.writeHead(cookie === undefined ? 200 : 400).end(cookie ?? 'page');
    },
    'mode: shadow',
  );
  await site.get('/all');
  await eventually('it is checked', () => site.seen.length === 3);
  await site.idle();
  t.same(await site.routes(), []);
});

t.test(
  'no false alarm: clocks, tokens, languages and changes are no difference between people',
  async (t) => {
    let count = 0;
    const page: Answer = (request, response) => {
      count += 1;
      response.setHeader('Content-Type', 'application/json');
      const { 'accept-language': language = 'en', cookie } = request.headers;
      const theme = /theme=(\w+)/.exec(cookie ?? '')?.[1];
      response.end(JSON.stringify({ language, theme, generated: count, csrf: `tok${count}`, same: 1 }));
    };
    const site = await start(t, page, 'mode: shadow\nidentity: { credentials: [session] }');
    for (let round = 0; round < 3; round += 1) {
      await fetch(`${site.url}/all`, {
        headers: { cookie: `${session}; theme=dark`, 'accept-language': 'he' },
      });
      await site.get('/other', `session=another-long-session-value-${round}`);
    }
    await site.idle();
    t.same(await site.routes(), []);
    t.ok(count > 6, 'they were checked');
  },
);
