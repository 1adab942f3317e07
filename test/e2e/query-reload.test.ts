/** `query.reload`: a parameter that asks for the origin's own answer, which takes the place of what is stored without it. */

import { createHmac } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import t, { type Test } from 'tap';
import { barrier, cacheStatus, startSite } from '../helpers/scripted-site.ts';

const secret = 'a secret of these people';
const rules = `
identity: { credentials: [session], jwt: { cookie: session, secret: "${secret}" } }
content_types:
  board:
    ttl: 60s
    scope: user
    statuses: [200]
    cache_control: override
    tags: ["board:{user}"]
    query: { reload: { no_cache: "1", nc: yes now } }
    unless: { body_contains: failed }
  note: { ttl: 60s, scope: public, query: { only: [q], reload: { fresh: "1" } } }
routes:
  - { match: GET /board, type: board }
  - { match: GET /note, type: note }
writes:
  - { match: POST /edit, invalidate: ["board:{user}"] }
`;

function tokenOf(sub: string): string {
  const text = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${text({ alg: 'HS256', typ: 'JWT' })}.${text({ sub, exp: 4e9 })}`;
  return `session=${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

async function start(t: Test) {
  const says: { version: number; fields: Record<string, string>; status: number; text: string } = {
    ...{ version: 1, fields: {}, status: 200, text: 'board' },
  };
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const who = request.headers.cookie === undefined ? 'nobody' : request.headers.cookie.slice(-6);
    response.writeHead(says.status, {
      'Content-Type': 'text/html',
      'Cache-Control': 'no-store',
      ...says.fields,
    });
    response.end(`${says.text} ${says.version} of ${who}`);
  };
  const site = await startSite(rules, { answer });
  t.teardown(() => site.close());
  const ask = async (target: string, who = 'dana', init: RequestInit = {}) => {
    const headers = { ...(who === 'nobody' ? {} : { cookie: tokenOf(who) }), ...(init.headers as object) };
    const response = await fetch(site.url + target, { ...init, headers });
    const body = await response.text();
    return {
      body,
      isHit: /^hit/.test(cacheStatus(response)),
      status: cacheStatus(response),
      code: response.status,
    };
  };
  return { site, says, answer, ask };
}

t.test("the answer is the origin's, and is what the next request without the parameter gets", async (t) => {
  const { site, says, ask } = await start(t);
  for (const who of ['dana', 'omer', 'nobody']) await ask('/board', who);
  says.version = 2;
  t.match(await ask('/board?no_cache=1'), { body: /^board 2/, isHit: false, status: /fwd=request.*stored/ });
  t.equal(site.seen.at(-1), 'GET /board?no_cache=1', 'sent as the rule has it');
  t.match(await ask('/board'), { body: /^board 2/, isHit: true });
  for (const who of ['omer', 'nobody'])
    t.match(await ask('/board', who), { body: /^board 1/, isHit: true }, who);
  says.version = 3;
  t.match(await ask('/board?nc=yes+now'), { body: /^board 3/ });
  t.equal(site.seen.at(-1), 'GET /board?nc=yes%20now');
  t.match(await ask('/board'), { body: /^board 3/, isHit: true });
  t.match(await ask('/note?q=a&fresh=1&x=2'), { isHit: false });
  t.equal(site.seen.at(-1), 'GET /note?q=a&fresh=1');
  t.match(await ask('/note?q=a'), { isHit: false }, 'it says no-store');
});

const others: readonly (readonly [what: string, target: string, who?: string, init?: RequestInit])[] = [
  ['another value', '/board?no_cache=2'],
  ['a value that an answer may show', '/board?no_cache=1"><script>'],
  ['two of them', '/board?no_cache=1&no_cache=1'],
  ['two of them, one in another spelling', '/board?no_cache=1&no%5Fcache=2'],
  ['one of two with another value', '/board?no_cache=1&nc=1'],
  ['no value', '/board?nc'],
  ['a forged session', '/board?no_cache=1', 'nobody', { headers: { cookie: `${tokenOf('dana')}x` } }],
  [
    'two sessions',
    '/board?no_cache=1',
    'nobody',
    { headers: { cookie: `${tokenOf('dana')}; ${tokenOf('omer')}` } },
  ],
  ['HEAD', '/board?no_cache=1', 'dana', { method: 'HEAD' }],
];

t.test('what is in doubt changes nothing that is stored', async (t) => {
  const { says, ask } = await start(t);
  for (const who of ['dana', 'omer']) await ask('/board', who);
  says.version = 2;
  for (const [what, target, who, init] of others) {
    t.notOk((await ask(target, who, init)).isHit, what);
    for (const one of ['dana', 'omer'])
      t.match(await ask('/board', one), { body: /^board 1/, isHit: true }, what);
  }
  t.match(await ask('/board?no_cache=1', 'omer', { headers: { range: 'bytes=0-6' } }), {
    body: 'board 2',
    code: 206,
  });
  t.match(await ask('/board', 'omer'), { body: /^board 2 of/, isHit: true }, 'the whole was fetched');
});

t.test('an answer that may not be stored ends what is older, a failure does not', async (t) => {
  const { says, ask } = await start(t);
  const cases: readonly (readonly [what: string, change: Partial<typeof says>, isHit: boolean])[] = [
    ['a page that failed', { text: 'failed' }, true],
    ['an error', { status: 503 }, true],
    ['too many', { status: 429 }, true],
    ['a new session', { fields: { 'Set-Cookie': 'flag=1' } }, false],
    ['gone', { status: 404 }, false],
    ['a redirect', { status: 302 }, false],
  ];
  for (const [what, change, isHit] of cases) {
    Object.assign(says, { fields: {}, status: 200, text: 'board' });
    await ask('/board');
    Object.assign(says, change);
    const init: RequestInit = { redirect: 'manual' };
    await ask('/board?no_cache=1', 'dana', init);
    t.equal((await ask('/board', 'dana', init)).isHit, isHit, what);
  }
});

t.test('a write during the fetch is not undone, nor does an older fetch undo the reload', async (t) => {
  const { site, says, answer, ask } = await start(t);
  await ask('/board');
  const [arrived, held] = [barrier(), barrier()];
  site.answerWith((request, response) => {
    if (request.method === 'POST') return void response.end();
    const version = says.version;
    arrived.arrive();
    void held.reached.then(() => response.end(`board ${version}`));
  });
  const slow = ask('/board?no_cache=1');
  await arrived.reached;
  says.version = 2;
  await ask('/edit', 'dana', { method: 'POST' });
  held.arrive();
  t.match(await slow, { body: 'board 1' });
  site.answerWith(answer);
  t.match(await ask('/board'), { body: /^board 2/, isHit: false });

  const [began, late] = [barrier(), barrier()];
  await ask('/edit', 'dana', { method: 'POST' });
  site.answerWith((_request, response) => {
    began.arrive();
    void late.reached.then(() => response.end('board 2, late'));
  });
  const older = ask('/board');
  await began.reached;
  says.version = 3;
  site.answerWith(answer);
  t.match(await ask('/board?no_cache=1'), { body: /^board 3/ });
  late.arrive();
  await older;
  t.match(await ask('/board'), { body: /^board 3/, isHit: true });
});
