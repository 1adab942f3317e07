import t from 'tap';
import { configIn, problemsBelow, upstream, warningsIn } from '../fixture.ts';
import { processorTime } from '../../helpers/stopwatch.ts';

const routes = (...matches: readonly string[]) =>
  `routes:\n${matches.map((match) => `  - { match: "${match}", type: pass }`).join('\n')}`;

t.test('a route covers HEAD with GET, and a list of matches becomes one route each', async (t) => {
  const config = configIn(`${upstream}routes:\n  - { match: [GET /a, POST /b], type: pass }\n`);
  const same = { when: [], type: 'pass', tags: [], shadow: false, rollout: undefined };
  t.strictSame(config.routes, [
    { methods: ['GET', 'HEAD'], pattern: '/a', ...same, line: 3, column: 15 },
    { methods: ['POST'], pattern: '/b', ...same, line: 3, column: 23 },
  ]);
});

const badMatches: readonly (readonly [string, string])[] = [
  ['/a', 'bad-match'],
  ['GET', 'bad-match'],
  ['get /a', 'bad-match'],
  ['* /a', 'bad-match'],
  ['G*T /a', 'bad-match'],
  ['GET /a /b', 'bad-match'],
  ['CONNECT /a', 'bad-match'],
  ['GET a', 'bad-pattern'],
  ['GET http://h/a', 'bad-pattern'],
  ['GET /a?b=1', 'bad-pattern'],
  ['GET /:a/:a', 'bad-pattern'],
  ['GET /a/(', 'bad-pattern'],
];
for (const [match, code] of badMatches) {
  t.test(`the match \`${match}\` is refused`, async (t) => {
    t.strictSame(problemsBelow(routes(match)), [`2:14 ${code}`]);
  });
}

t.test('a route without match or type, and an empty list, are refused', async (t) => {
  t.strictSame(problemsBelow('routes: [{ match: GET /a }]'), ['1:10 missing-key']);
  t.strictSame(problemsBelow('routes: [{ type: pass }]'), ['1:10 missing-key']);
  t.strictSame(problemsBelow('routes: [{ match: [], type: pass }]'), ['1:19 empty-value']);
});

t.test('a list of invalid matches is refused once for each', async (t) => {
  t.strictSame(problemsBelow('routes: [{ match: [GET a, GET b], type: pass }]'), [
    '1:20 bad-pattern',
    '1:27 bad-pattern',
  ]);
});

const unreachable: readonly (readonly [string, string])[] = [
  ['GET /a', 'GET /a'],
  ['GET /a', 'HEAD /a'],
  ['GET /*', 'GET /a/b'],
  ['GET *', 'GET /a'],
  ['GET /api/*', 'GET /api/files'],
  ['GET /api/*', 'GET /api/files/:id'],
  ['GET /a/:x', 'GET /a/b'],
  ['GET /a/:x', 'GET /a/:y'],
  ['GET /a/(b|c)', 'GET /a/b'],
  ['GET /a/:x?', 'GET /a'],
  ['GET /a/:x+', 'GET /a/b/c'],
  ['GET /a{/b}?', 'GET /a/b'],
  ['GET /a/:x(\\\\d+)', 'GET /a/12'],
];
for (const [earlier, later] of unreachable) {
  t.test(`\`${later}\` is never reached after \`${earlier}\``, async (t) => {
    t.strictSame(problemsBelow(routes(earlier, later)), ['3:14 unreachable-route']);
  });
}

const reachable: readonly (readonly [string, string])[] = [
  ['GET /a', 'POST /a'],
  ['HEAD /a', 'GET /a'],
  ['GET /a', 'GET /a/'],
  ['GET /a/*', 'GET /a'],
  ['GET /a/:x', 'GET /a/b/c'],
  ['GET /a/b', 'GET /a/:x'],
  ['GET /a/:x', 'GET /a/*'],
  ['GET /A', 'GET /a'],
  ['GET /a/(b|c)', 'GET /a/d'],
  ['GET /a/(b|c)', 'GET /a/(b)'],
  ['GET /a/:x+', 'GET /a'],
];
for (const [earlier, later] of reachable) {
  t.test(`\`${later}\` may be reached after \`${earlier}\``, async (t) => {
    t.strictSame(problemsBelow(routes(earlier, later)), []);
  });
}

t.test('a match can be unreachable within one route, too', async (t) => {
  t.strictSame(problemsBelow('routes: [{ match: [GET /*, GET /a], type: pass }]'), [
    '1:28 unreachable-route',
  ]);
});

t.test('a thousand routes are checked quickly', async (t) => {
  const many = Array.from({ length: 1000 }, (_, i) => `GET /api/${i % 2 === 0 ? ':x' : '*'}/r${i}/:id/part`);
  const spentMs = processorTime();
  t.strictSame(problemsBelow(routes(...many)), []);
  t.ok(spentMs() < 5000);
});

t.test('writes keep their matches together and need a list of what they make stale', async (t) => {
  const config = configIn(
    `${upstream}writes:\n  - { match: [PUT /a/:id, GET /out], invalidate: ["a:{id}"] }\n`,
  );
  t.match(config.writes, [
    {
      matches: [
        { methods: ['PUT'], pattern: '/a/:id' },
        { methods: ['GET', 'HEAD'], pattern: '/out' },
      ],
      invalidate: [{ raw: 'a:{id}' }],
    },
  ]);
  t.strictSame(problemsBelow('writes: [{ match: PUT /a }]'), ['1:10 missing-key']);
  t.strictSame(configIn(`${upstream}unmatched_writes: { user: false }`).unmatchedWrites, {
    url: true,
    user: false,
  });
});

t.test('a content type for a method whose answers are never stored gives a warning', async (t) => {
  const text = `${upstream}routes: [{ match: [GET /a, POST /a], type: tags }, { match: POST /b, type: pass }]`;
  t.strictSame(warningsIn(text), ['2:28 method-never-stored']);
});

t.test('a condition of a route is read with its kind, and an empty one is refused', async (t) => {
  const config = configIn(
    `${upstream}routes:\n  - { match: GET /a, when: { query: [b, c], request_header: { X-D: e } }, type: pass }\n`,
  );
  t.strictSame(config.routes[0]?.when, [
    { kind: 'any_query', names: ['b', 'c'] },
    { kind: 'request_header', name: 'x-d', value: 'e' },
  ]);
  for (const [when, code] of [
    ['{}', 'empty-value'],
    ['{ query: [] }', 'empty-value'],
    ['{ query: {} }', 'empty-value'],
    ['{ query: b }', 'wrong-type'],
    ['{ status: 200 }', 'unknown-key'],
    ['{ request_header: ["a b"] }', 'bad-name'],
  ]) {
    t.match(problemsBelow(`routes:\n  - { match: GET /a, when: ${when}, type: pass }`), [
      new RegExp(` ${code}$`),
    ]);
  }
});

t.test('a route with a condition takes only some of the requests that its pattern matches', async (t) => {
  const open = '  - { match: GET /a/*, type: pass }\n';
  const some = '  - { match: GET /a/*, when: { query: [x] }, type: standard }\n';
  t.strictSame(problemsBelow(`routes:\n${some}${open}`), []);
  t.strictSame(problemsBelow(`routes:\n${open}${some}`), ['3:14 unreachable-route']);
});

t.test(
  'the content type of a route or refresh is checked even if something else there is unreadable',
  async (t) => {
    t.strictSame(problemsBelow('routes: [{ match: get /a, type: nope }]'), [
      '1:19 bad-match',
      '1:33 unknown-type',
    ]);
    t.strictSame(problemsBelow('refresh: [{ type: nope, every: 1x }]'), [
      '1:19 unknown-type',
      '1:32 bad-duration',
    ]);
  },
);

t.test('routes of one pattern have one rollout, which is counted and changed by that name', async (t) => {
  const within = (first: string, second: string): readonly string[] =>
    problemsBelow(
      `content_types: { a: {} }\nroutes:\n  - { match: GET /a, when: { query: [q] }, type: a${first} }\n  - { match: GET /a, type: ${second} }\n`,
    );
  const [five, six] = [', rollout: { percent: 5 }', ', rollout: { percent: 6 }'];
  t.strictSame(within(five, `a${six}`), ['4:14 conflicting-keys']);
  t.strictSame(within(five, 'a'), ['4:14 conflicting-keys']);
  t.strictSame(within('', `a${five}`), ['4:14 conflicting-keys']);
  t.strictSame(within(five, `a${five}`), []);
  t.strictSame(within(five, 'pass'), []);
});
