/** An explanation says what the pipeline does, step by step, without secrets. */
import t from 'tap';
import { systemClock } from '../../src/kit/time.ts';
import {
  explain,
  type Explanation,
  explanationLines,
  offlineServices,
  type Question,
} from '../../src/explain/explain.ts';
import type { ExplainStep } from '../../src/explain/explain-request.ts';
import { cookieOf, secret, sessionOf } from '../helpers/flask-site.ts';
import { Session } from '../../examples/webapp/session.ts';
import { configOf } from '../policy/config-of.ts';

const rules = `
identity: { credentials: [session] }
ttl:
  jitter: 0
  hours: [{ name: always, from: "00:00", to: "00:00", factor: 2 }]
  factors: [{ name: favorite, factor: 1.5, when: { response_header: { x-is-favorite: "true" } } }]
content_types:
  page: { scope: user, ttl: 60s, cache_control: override, tags: ["page:{id}"], query: { only: [q, p] } }
  shared: { scope: public, ttl: 60s, unless: { smaller_than: 100 } }
routes:
  - { match: "GET /p/:id", type: page }
  - { match: "GET /shared", type: shared }
  - { match: "GET /never", type: pass }
writes:
  - { match: "POST /p/:id", invalidate: ["page:{id}", "user:{user}"] }
  - { match: "GET /logout", invalidate: ["user:{user}"] }
  - { name: beacon, match: POST /prefs, when: { json: { /place: only } }, invalidate: [] }
  - { match: POST /prefs, invalidate: ["user:{user}"] }
`;
const services = offlineServices(configOf(rules), { clock: systemClock, verifyJwt: undefined });

const base: Question = { method: 'GET', url: '/p/7', fields: [], status: 200, responseFields: [] };

async function explained(change: Partial<Question>): Promise<Explanation> {
  const result = await explain(services, { ...base, ...change });
  if (result.kind === 'not-a-url') throw new Error('not a URL');
  return result.explanation;
}

const factsOf = ({ steps }: Explanation, name: ExplainStep['step']) =>
  steps.find(({ step }) => step === name)?.facts;

t.test('a rule: from target to tags', async (t) => {
  const explanation = await explained({ url: 'http://EXAMPLE.org:80/./p/%37?q=b&utm=1&p=a' });
  t.match(factsOf(explanation, 'target'), {
    target: '/p/7?q=b&utm=1&p=a',
    host: 'example.org',
    scheme: 'http',
  });
  t.match(factsOf(explanation, 'route'), { pattern: '/p/:id', params: { id: '7' } });
  t.match(factsOf(explanation, 'content type'), { name: 'page', scope: 'user', cache_control: 'override' });
  t.match(factsOf(explanation, 'identity'), { class: 'anonymous' });
  t.match(factsOf(explanation, 'key'), { target: '/p/7?p=a&q=b', partition: 'anonymous', accept: 'other' });
  t.match(factsOf(explanation, 'answer'), { cache_status: 'shelflife; fwd=uri-miss; stored', miss: 'cold' });
  t.match(factsOf(explanation, 'origin'), { target: '/p/7?p=a&q=b' });
  t.match(factsOf(explanation, 'storing'), { stored: true });
  const tags = new Set(factsOf(explanation, 'tags')?.['tags'] as string[]);
  for (const tag of ['type:page', 'url:/p/7?p=a&q=b', 'page:7']) t.ok(tags.has(tag), tag);
  t.match(explanation.summary, 'stored for 120 s');
});

t.test('each step of the lifetime, and the result', async (t) => {
  const { steps } = await explained({ responseFields: ['X-Is-Favorite', 'true'] });
  const ttl = steps
    .filter(({ step }) => step === 'ttl')
    .map(({ facts }) => [facts['kind'], facts['lifetime']]);
  t.strictSame(ttl, [
    ['base', 60],
    ['factor', 90],
    ['hours', 180],
    ['clamp', 180],
    ['jitter', 180],
    ['final', 180],
  ]);
});

t.test('a response that is not stored names the clause', async (t) => {
  const noStore = { url: '/other', responseFields: ['Cache-Control', 'no-store'] };
  t.match(factsOf(await explained(noStore), 'storing'), {
    stored: false,
    reason: 'no-store',
    clause: /RFC 9111 §5.2.2.5/,
  });
  t.match(factsOf(await explained({ url: '/p/7', status: 500 }), 'storing'), { reason: 'status-not-listed' });
  t.match(factsOf(await explained({ responseFields: ['Set-Cookie', 'a=b'] }), 'storing'), {
    reason: 'set-cookie',
  });
  const large = { url: '/p/7', responseFields: ['Content-Length', '99999999'] };
  t.match(factsOf(await explained(large), 'storing'), { reason: 'too-large' });
});

t.test('HTTP’s own lifetime names its source', async (t) => {
  const explanation = await explained({
    url: '/other',
    responseFields: ['Cache-Control', 'max-age=60', 'Age', '15'],
  });
  t.match(factsOf(explanation, 'ttl'), { kind: 'http', lifetime: 60, source: 'max-age' });
  t.match(explanation.summary, 'stored for 45 s');
});

t.test('a body of unknown size counts as long enough, and the text says so', async (t) => {
  t.match(factsOf(await explained({ url: '/shared' }), 'storing'), { stored: true, body_matters: true });
  const short = { url: '/shared', responseFields: ['Content-Length', '99'] };
  t.match(factsOf(await explained(short), 'storing'), { stored: false, reason: 'unless' });
});

const passes: readonly (readonly [what: string, change: Partial<Question>, reason: string])[] = [
  ['a route that says pass', { url: '/never' }, 'rule'],
  ['a method', { method: 'DELETE' }, 'method'],
  ['a GET that is a write', { url: '/logout' }, 'write-rule'],
  ['a body', { fields: ['Content-Length', '5'] }, 'request-body'],
  ['a doubtful identity', { fields: ['Cookie', 'session=a; session=b'] }, 'identity'],
];

for (const [what, change, reason] of passes) {
  t.test(`${what} is passed, with the reason`, async (t) => {
    const explanation = await explained(change);
    t.match(factsOf(explanation, 'pass'), { reason });
    t.equal(factsOf(explanation, 'key'), undefined);
    t.match(explanation.summary, `passed: ${reason}`);
  });
}

t.test('of rules for one path it is told which apply, and why', async (t) => {
  const written = async (change: Partial<Question>) => {
    const explanation = await explained({
      method: 'POST',
      url: '/prefs',
      fields: ['Content-Type', 'application/json'],
      ...change,
    });
    return {
      write: factsOf(explanation, 'route')?.['write'],
      tags: factsOf(explanation, 'makes stale')?.['tags'],
    };
  };
  const ofUser = ['user:anonymous', 'url://localhost/prefs'];
  t.match(await written({ body: '{"place":1}' }), {
    write: [{ name: 'beacon', decision: 'holds' }],
    tags: [ofUser[1]],
  });
  t.match(await written({ body: '{"theme":1}' }), {
    write: [
      { name: 'beacon', decision: 'fails', because: 'json /place: absent' },
      { name: 'POST /prefs', decision: 'holds' },
    ],
    tags: ofUser,
  });
  t.match(await written({}), {
    write: [{ name: 'beacon', decision: 'unknown', because: 'json: not-whole' }, { name: 'POST /prefs' }],
    tags: ofUser,
  });
});

t.test('a write names what it makes stale', async (t) => {
  const explanation = await explained({
    method: 'POST',
    url: '/p/7',
    status: 302,
    responseFields: ['Location', '/list'],
  });
  t.match(factsOf(explanation, 'makes stale'), {
    tags: ['page:7', 'user:anonymous', 'url://localhost/p/7', 'url://localhost/list'],
    causes: ['write'],
  });
  t.equal(
    factsOf(await explained({ method: 'POST', status: 404 }), 'makes stale'),
    undefined,
    'a 4xx ends nothing',
  );
});

t.test('a request that is refused says so', async (t) => {
  t.match(await explained({ url: '/a%zz' }), { summary: /400/, steps: [{ text: /bad-escape/ }] });
  t.match(await explained({ method: 'PURGE' }), { summary: /405/ });
  t.match(await explained({ fields: ['Host', 'a', 'Host', 'b'] }), {
    summary: /400/,
    steps: [{ text: /several-hosts/ }],
  });
  t.match(await explain(services, { ...base, url: 'p/7' }), { kind: 'not-a-url' });
});

t.test('identities are digests; cookies and tokens are nowhere', async (t) => {
  const fields = ['Cookie', 'session=topsecret; other=hidden', 'Authorization', 'Bearer confidential'];
  const explanation = await explained({ fields });
  t.match(factsOf(explanation, 'identity'), { class: 'known', partition: /^[0-9a-f]{16}$/ });
  t.notMatch(JSON.stringify(explanation), /topsecret|hidden|confidential/);
});

t.test('the client’s demands are shown', async (t) => {
  const explanation = await explained({ fields: ['Cache-Control', 'no-cache, max-age=5'] });
  t.match(factsOf(explanation, 'request directives'), { noCache: true, maxAge: 5 });
  const only = await explained({ fields: ['Cache-Control', 'only-if-cached'] });
  t.match(factsOf(only, 'answer'), { status: 504 });
});

t.test('explaining leaves nothing in the store', async (t) => {
  const before = services.purgeLog.position();
  await explained({});
  await explained({ method: 'POST' });
  t.strictSame(services.purgeLog.position(), before);
  t.strictSame(services.store.size(), { entries: 0, bytes: 0 });
});

t.test('the text has one line for each step', async (t) => {
  const explanation = await explained({});
  const lines = explanationLines(explanation);
  t.equal(lines.length, explanation.steps.length + 2);
  t.equal(lines[0], 'GET /p/7');
  t.match(lines.at(-1), /^→ /);
});

t.test('ignored claims are named, not shown, and so are those of the key', async (t) => {
  const flagged = offlineServices(
    configOf(`
identity: { flask_session: { secret: "${secret}", ignore_claims: [flag, draft] } }
content_types:
  page: { scope: user, ttl: 60s, vary: { claims: [draft] } }
routes:
  - { match: "GET /p/:id", type: page }
`),
    { clock: systemClock, verifyJwt: undefined },
  );
  const cookie = cookieOf(new Session({ ...sessionOf(1).data, flag: 'topsecret' }));
  const result = await explain(flagged, { ...base, fields: ['Cookie', cookie] });
  if (result.kind === 'not-a-url') throw new Error('not a URL');
  const { explanation } = result;
  t.match(factsOf(explanation, 'identity'), { class: 'known', verified: true, ignored: ['flag'] });
  t.match(factsOf(explanation, 'key'), { claims: 'draft' });
  t.match(explanationLines(explanation).join('\n'), 'known by a verified session, whatever its flag: ');
  t.notMatch(JSON.stringify(explanation), 'topsecret');
});
