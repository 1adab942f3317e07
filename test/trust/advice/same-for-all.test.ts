/** What different people get of the same page: which types could be public, and which doubts forbid to say so. */
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { epochMs, seconds } from '../../../src/kit/time.ts';
import { parseConfig } from '../../../src/config/schema/check.ts';
import { publicAdvice, sharedViews } from '../../../src/trust/advice/shared-advice.ts';
import { type EndedBy, SameForAll } from '../../../src/trust/advice/same-for-all.ts';
import type { Position } from '../../../src/store/purge-log.ts';
import type { ShadowReport } from '../../../src/trust/shadow-report.ts';
import { run } from '../../cli/command.ts';
import { eventually } from '../../helpers/eventually.ts';
import { startSite } from '../../helpers/scripted-site.ts';
import { TestClock } from '../../helpers/test-clock.ts';

const configOf = (type: string, more = '') => {
  const text = `content_types: { news: { scope: user${type} } }\nroutes: [{ match: GET /news/:id, type: news }${more}]`;
  const parsed = parseConfig(text, { file: 'x', env: {}, upstreamMayBeMissing: true });
  if (parsed.kind !== 'ok') throw new Error('bad rules');
  return parsed.config;
};

type Traffic = {
  readonly people?: number;
  readonly rounds?: number;
  readonly pages?: number;
  readonly anonymous?: boolean;
  /** What a person gets of a page in a round. */
  readonly body?: (page: number, person: number, round: number) => string;
  readonly ended?: EndedBy;
  readonly doing?: (shared: SameForAll) => void;
  readonly type?: string;
  readonly more?: string;
};

const nowhere = '' as unknown as Position;

function doubtsAfter(traffic: Traffic) {
  const { people = 20, rounds = 6, pages = 4, anonymous = true, ended = 'nobody' } = traffic;
  const { body = (page) => `page ${page}`, doing, type = '', more } = traffic;
  const shared = new SameForAll();
  let now = 0;
  for (let round = 0; round < rounds; round += 1)
    for (let person = 0; person < people; person += 1)
      for (let page = 0; page < pages; page += 1) {
        now += 1000;
        const who = person === 0 && anonymous ? 'anonymous' : `person ${person}`;
        const place = { contentType: 'news', route: '/news/:id', target: `/news/${page}` };
        const stored = {
          asOf: nowhere,
          lifetime: seconds(60),
          originSeconds: seconds(0.1),
          at: epochMs(now),
        };
        const look = {
          ...place,
          ...stored,
          copy: `${who} ${page}`,
          page: `${page}`,
          url: `${page}`,
          person: who,
        };
        const digest = body(page, person, round);
        shared.stored({ ...look, digest, body: digest }, () => ended);
      }
  doing?.(shared);
  const config = configOf(type, more);
  const news = config.contentTypes.get('news');
  const advice = news && publicAdvice(news, shared.seen(), { routes: config.routes, now });
  return {
    advice,
    doubts: sharedViews(shared.seen(), config, now)[0]?.doubts,
    views: sharedViews(shared.seen(), config, now),
  };
}

const place = { contentType: 'news', route: '/news/:id', target: '/news/1' };

t.test('what is advised, and which doubt forbids it, by table', (t) => {
  const { advice, views } = doubtsAfter({});
  t.match(advice, {
    id: 'could-be-public:news',
    evidence: { people: 20, pages: 4, anonymous: 24 },
    patch: { op: 'set', path: ['content_types', 'news', 'scope'], value: 'public', from: 'user' },
    yaml: 'content_types:\n  news:\n    scope: public    # was user',
    example: { request: 'GET /news/1', expect: { type: 'news', scope: 'public' } },
  });
  t.match(views, [{ type: 'news', route: '/news/:id', answers: 476, doubts: [] }]);
  t.ok((advice?.evidence.fetches_saved_per_day ?? 0) > 50_000, 'most fetches would be saved');
  const rows: readonly (readonly [string, Traffic, readonly string[] | undefined])[] = [
    [
      'a page that changes for all',
      { body: (page, _person, round) => `${page} ${Math.floor(round / 2)}` },
      [],
    ],
    [
      'one page of one person differs once',
      { body: (page, person, round) => `${page} ${person === 7 && page === 2 && round === 3}` },
      ['differs'],
    ],
    ['everybody has a page', { body: (page, person) => `${page} ${person}` }, undefined],
    [
      'two have the same, the rest their own',
      { body: (page, person) => `${page} ${Math.max(1, person)}` },
      ['differs'],
    ],
    [
      'the last page is another, and nobody knows whose',
      {
        body: (page, person, round) => `${page} ${round === 5 && person === 19 && page === 3 ? 'own' : ''}`,
        doing: (shared) => {
          const look = {
            ...place,
            asOf: nowhere,
            lifetime: seconds(60),
            originSeconds: seconds(1),
            at: epochMs(1e9),
          };
          shared.stored(
            { ...look, copy: 'new', page: '1', url: '1', person: 'new', digest: 'other', body: 'other' },
            () => 'nobody',
          );
        },
      },
      ['unsettled'],
    ],
    ['too few people', { people: 5, rounds: 40 }, ['few-people']],
    ['too few answers', { rounds: 2 }, ['few-answers', 'anonymous-unseen']],
    ['one page for all, that may be an empty one', { pages: 1, rounds: 40 }, ['few-pages']],
    ['nobody without credentials', { anonymous: false }, ['anonymous-unseen']],
    ['a cookie was set', { doing: (shared) => shared.doubts(place, 'sets-cookie') }, ['sets-cookie']],
    [
      'it was not there for somebody',
      { doing: (shared) => shared.isMissing({ ...place, url: '1' }) },
      ['refused'],
    ],
    ['what nobody has got is missing', { doing: (shared) => shared.isMissing({ ...place, url: 'x' }) }, []],
    ['cookies are stripped', { type: ', set_cookie: strip' }, ['sets-cookie']],
    ['a tag names the user', { type: ', tags: ["of:{user}"]' }, ['varies-by-person']],
    [
      'a write of a person changes it',
      { ended: 'own', body: (page, _person, round) => `${page} ${round}` },
      ['write-changes-it'],
    ],
    [
      'a purge of all changes it',
      { ended: 'everybodys', body: (page, _person, round) => `${page} ${round}` },
      [],
    ],
  ];
  for (const [what, traffic, expected] of rows) {
    const found = doubtsAfter(traffic);
    const doubts = found.doubts?.filter(
      (doubt) => expected?.includes('differs') !== true || doubt === 'differs',
    );
    t.strictSame(doubts, expected, what);
    t.equal(
      found.advice !== undefined,
      expected?.length === 0,
      `${what}: ${found.advice?.id ?? 'no advice'}`,
    );
  }
  const other = ', { match: GET /other, type: news }';
  t.equal(doubtsAfter({ more: other }).advice, undefined, 'a route of the type that nobody has asked for');
  t.end();
});

t.test('what is not the same for everybody though its body is, by table', async (t) => {
  const clock = new TestClock();
  const types = ['same', 'header', 'empty', 'paid', 'lawful', 'run', 'sets'];
  const site = await startSite(
    `
mode: shadow
control: { token: a-control-token-of-many-characters }
identity: { credentials: [session] }
ttl: { jitter: 0 }
content_types: { ${types.map((type) => `${type}: { scope: user, ttl: 60s, cache_control: override }`).join(', ')} }
routes: [${types.map((type) => `{ match: GET /${type}/:id, type: ${type} }`).join(', ')}]
`,
    {
      clock,
      answer: ({ url = '', headers }, response) => {
        const person = headers.cookie?.split('=')[1] ?? 'nobody';
        const [, type] = url.split('/');
        const statuses: Partial<Record<string, number>> = { empty: 204, paid: 402, lawful: 451 };
        if (person === 'rare') response.statusCode = statuses[type ?? ''] ?? 200;
        if (type === 'sets' && person === 'rare') response.setHeader('Set-Cookie', 'a=b');
        if (type === 'header') response.setHeader('X-CSRF-Token', `of ${person}`);
        if (type === 'run') response.setHeader('X-Runtime', String(Math.random()));
        response.end(response.statusCode === 204 ? undefined : url);
      },
    },
  );
  t.teardown(() => site.close());
  const people = ['', 'session=one', 'session=two', 'session=rare'];
  for (const type of types)
    for (const cookie of people)
      await (await fetch(`${site.url}/${type}/1`, { headers: cookie === '' ? {} : { cookie } })).text();
  const doubtsOf = async (): Promise<Readonly<Record<string, readonly string[]>>> => {
    const asked = { headers: { authorization: 'Bearer a-control-token-of-many-characters' } };
    const answer = await fetch(`${site.proxy.controlUrl ?? ''}/api/cache/shadow`, asked);
    const { same_for_all: shared } = (await answer.json()) as ShadowReport;
    return Object.fromEntries(
      shared.map(({ type, doubts }) => [type, doubts.filter((doubt) => /differs|refused|sets/.test(doubt))]),
    );
  };
  const expected = {
    same: [],
    run: [],
    empty: ['refused'],
    paid: ['refused'],
    lawful: ['refused'],
    sets: ['sets-cookie'],
  };
  await eventually('all is compared', async () => isDeepStrictEqual(await doubtsOf(), expected));
  t.strictSame(await doubtsOf(), expected, 'whose header is of its reader, that route is not even listed');
  const { config } = site.proxy.services.site();
  await site.proxy.replaceConfig({ ...config });
  for (const cookie of people.toReversed())
    await (await fetch(`${site.url}/sets/1`, { headers: cookie === '' ? {} : { cookie } })).text();
  await eventually('the page is seen anew', async () => 'sets' in (await doubtsOf()));
  t.strictSame(
    await doubtsOf(),
    { sets: ['sets-cookie'] },
    'a doubt before the first copy by the new rules stays',
  );
});

const token = 'a-control-token-of-many-characters';
const rules = `
mode: shadow
control: { token: ${token} }
identity: { credentials: [session] }
ttl: { jitter: 0 }
content_types:
  news: { ttl: 60s, scope: user, cache_control: override }
  mine: { ttl: 60s, scope: user, cache_control: override }
  page: { ttl: 60s, scope: public, cache_control: override, vary: { cookies: [theme, lang] } }
routes:
  - { match: "GET /news/:id", type: news }
  - { match: "GET /mine/:id", type: mine }
  - { match: "GET /page/:id", type: page }
`;

t.test(
  'in shadow: a route that is the same for all, one that is not, and a cookie that splits for nothing',
  async (t) => {
    const clock = new TestClock();
    const site = await startSite(rules, {
      clock,
      answer: (request, response) => {
        const cookie = request.headers.cookie ?? '';
        if (request.headers['if-none-match'] !== undefined) {
          response.writeHead(304, { ETag: '"1"' }).end();
          return;
        }
        const reader = request.url?.startsWith('/mine') === true ? /session=\w+/.exec(cookie)?.[0] : '';
        response.end(`${request.url ?? ''} ${reader ?? ''} ${/lang=\w+/.exec(cookie)?.[0] ?? ''}`);
      },
    });
    t.teardown(() => site.close());
    const get = async (path: string, cookie: string, more: Record<string, string> = {}): Promise<void> => {
      const headers = cookie === '' ? more : { cookie, ...more };
      await (await fetch(site.url + path, { headers })).text();
    };
    /** What the browser has already: nobody sees the body. */
    const kept = { 'if-none-match': '"1"', 'cache-control': 'max-age=60' };
    const people = ['', ...Array.from({ length: 11 }, (_, at) => `session=user${at}`)];
    const report = async (): Promise<ShadowReport> => {
      const asked = { headers: { authorization: `Bearer ${token}` } };
      return (await (
        await fetch(`${site.proxy.controlUrl ?? ''}/api/cache/shadow`, asked)
      ).json()) as ShadowReport;
    };
    for (let round = 0; round < 12; round += 1) {
      for (const page of [1, 2, 3]) await Promise.all(people.map((cookie) => get(`/news/${page}`, cookie)));
      if (round < 2) for (const cookie of people) await get('/mine/1', cookie);
      if (round === 0) for (const cookie of people) await get('/mine/2', cookie, kept);
      const pages = [1, 2, 3, 4, 5].flatMap((page) => [
        get(`/page/${page}`, `theme=t${round}; lang=en`),
        get(`/page/${page}`, `theme=t0; lang=l${round}`),
      ]);
      await Promise.all(pages);
      clock.advance(1);
    }
    await eventually('all is compared', async () => (await report()).same_for_all[0]?.doubts.length === 0);
    const { same_for_all: shared, advice } = await report();
    t.match(shared, [{ type: 'news', route: '/news/:id', people: 12, pages: 3, doubts: [] }]);
    t.equal(shared.length, 1, 'people have their own pages at /mine');
    t.same(advice.map(({ id }) => id).sort(), ['could-be-public:news', 'needless-vary:page:cookie:theme']);
    const told = await run(['shadow', '--control', site.proxy.controlUrl ?? ''], { SHELFLIFE_TOKEN: token });
    t.match(
      told.stdout,
      /answers of \/news\/:id \(news\) had the same bytes as another person's, 12 people; public it would save \d+/,
    );
    t.match(
      told.stdout,
      /^advice needless-vary:page:cookie:theme: the cookie theme never changed a page of page$/m,
    );
  },
);
