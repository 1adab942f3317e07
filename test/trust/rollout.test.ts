/** A rollout through real sockets: who is cached, who is not, how it ends by itself, and what is remembered. */
import { readFileSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { parseConfig } from '../../src/config/schema/check.ts';
import type { RolloutReport } from '../../src/trust/rollout-report.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Answer, cacheStatus, startSite } from '../helpers/scripted-site.ts';
import { TestClock } from '../helpers/test-clock.ts';

const token = 'a-control-token-of-many-characters';
const rules = (rollout: string, more = ''): string => `
rollout: ${rollout}
control: { token: ${token} }
ttl: { jitter: 0 }
unmatched_writes: { url: true, user: true }
content_types:
  page: { ttl: 60s, scope: user, cache_control: override${more} }
  all: { ttl: 60s, scope: public, cache_control: override, etag: true }
routes: [{ match: GET /all, type: all }, { match: GET /*, type: page }]
`;

type Started = { readonly text: string; readonly answer: Answer; readonly rolloutFile?: string };

async function start(t: Test, { text, answer, ...kept }: Started) {
  const clock = new TestClock();
  const site = await startSite(text, { answer, clock, ...kept });
  t.teardown(() => site.close());
  const control = (path: string, body?: object): Promise<Response> =>
    fetch(`${site.proxy.controlUrl ?? ''}${path}`, {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
  const get = async (path: string, user: string, method = 'GET'): Promise<string> => {
    const response = await fetch(site.url + path, { method, headers: { cookie: `session=${user}` } });
    return `${cacheStatus(response)} ${await response.text()}`;
  };
  const report = async (): Promise<RolloutReport> =>
    (await (await control('/api/cache/rollout')).json()) as RolloutReport;
  const set = async (body: object): Promise<unknown> => (await control('/api/cache/rollout', body)).json();
  /** People of each side. */
  const sides = async (path: string): Promise<{ cached: string[]; shadowed: string[] }> => {
    const found = { cached: [] as string[], shadowed: [] as string[] };
    for (let at = 0; at < 12; at += 1) {
      const status = await get(path, `user-${at}`);
      found[status.includes('shadow') ? 'shadowed' : 'cached'].push(`user-${at}`);
    }
    return found;
  };
  return { ...site, clock, control, get, report, set, sides };
}

const numbered = (): { readonly answer: Answer; version: number } => {
  const origin = {
    version: 1,
    answer: ((request, response) => {
      if (request.method === 'POST') origin.version += 1;
      response.end(`v${origin.version}`);
    }) satisfies Answer,
  };
  return origin;
};

t.test('a share of people is cached, the rest get the origin’s; purges hold for all', async (t) => {
  const origin = numbered();
  const site = await start(t, { text: rules('{ percent: 50 }'), answer: origin.answer });
  const { cached, shadowed } = await site.sides('/all');
  t.ok(cached.length > 1 && shadowed.length > 1, `${cached.length} of 12`);
  const [one = '', other = ''] = cached;
  const [left = ''] = shadowed;
  origin.version = 2;
  t.match(await site.get('/all', other), /^hit.* v1/, 'a shared copy is for those who are cached');
  t.match(await site.get('/all', left), /^fwd=bypass; detail=shadow v2/, 'and never for the others');
  t.match(await site.get('/all', other), /^hit.* v1/, 'whose answers are never for those');
  t.match(await site.get('/mine', one), /stored v2/);
  t.match(await site.get('/mine', left), /shadow v2/, 'a person is on one side for every page');
  // A write of one who is in shadow ends what others have.
  await site.get('/all', left, 'POST');
  t.match(await site.get('/all', one), /^fwd=.* v3/);
  const entries = site.proxy.services.store.size().entries;
  t.same(await site.set({ percent: 0 }), { rollout: 'all', percent: 0, from: 50, kept: false });
  for (const user of [one, other, left])
    t.match(await site.get('/all', user), /shadow v3/, 'at once, in the lane too');
  t.equal(site.proxy.services.store.size().entries, entries);
  t.match(await site.set({ percent: 100 }), { percent: 100 });
  for (const user of [one, left]) t.notMatch(await site.get('/all', user), /shadow/);
  t.match(await site.report(), {
    rollouts: [{ scope: 'all', percent: 100, file_percent: 50, set: { by: 'control.token' } }],
  });
  const audited = (await (await site.control('/api/cache/audit')).json()) as {
    readonly entries: readonly object[];
  };
  t.match(audited.entries[0], { by: 'control.token', rollout: 'all', percent: 100, from: 0 });
});

t.test('what cannot be meant is refused', async (t) => {
  const site = await start(t, { text: rules('{ percent: 50 }'), answer: numbered().answer });
  const cases = [
    [{ percent: 101 }, 400],
    [{ percent: '5' }, 400],
    [{}, 400],
    [{ percent: 5, type: 'a', route: 'b' }, 400],
    [{ percent: 5, type: 'page' }, 404],
  ] as const;
  for (const [body, status] of cases)
    t.equal((await site.control('/api/cache/rollout', body)).status, status, JSON.stringify(body));
});

t.test('stale copies end it by themselves, and neither a reload nor a restart forgets that', async (t) => {
  const rolloutFile = `${t.testdir({})}/rollout.json`;
  const text = `${rules('{ percent: 60 }')}rollback: { stale_above: 1%, for: 5m, min_requests: 2 }\naudit: { sample: 100% }\n`;
  let price = 1;
  const answer: Answer = (_request, response) => {
    response.setHeader('Content-Type', 'text/html').end(`<p>${price}</p>`);
  };
  const site = await start(t, { text, answer, rolloutFile });
  const { cached } = await site.sides('/1');
  price = 2;
  for (const user of cached) await site.get('/1', user);
  await eventually('it has ended', async () => (await site.report()).rollouts[0]?.percent === 0);
  t.match(await site.report(), {
    rollouts: [
      { percent: 0, file_percent: 60, set: { by: 'rollback', why: /of \d+ compared copies were stale/ } },
    ],
  });
  for (const user of cached) t.match(await site.get('/1', user), /shadow/);
  await site.proxy.replaceConfig(site.proxy.services.site().config);
  t.equal((await site.report()).rollouts[0]?.percent, 0, 'after a reload');
  const again = await start(t, { text, answer, rolloutFile });
  t.equal((await again.report()).rollouts[0]?.percent, 0, 'after a restart');
  const edited = await start(t, { text: text.replace('percent: 60', 'percent: 61'), answer, rolloutFile });
  t.match(
    await edited.report(),
    { rollouts: [{ percent: 61, set: null }] },
    'until the file says something else',
  );
  t.match(readFileSync(rolloutFile, 'utf8'), /"values":\[\]/);
  writeFileSync(rolloutFile, '{"version":1,"val');
  const damaged = await start(t, { text, answer, rolloutFile });
  t.match(
    await damaged.report(),
    { rollouts: [{ percent: 0, set: { by: 'rollback' } }] },
    'in doubt nobody is cached',
  );
  t.match(await damaged.set({ percent: 5 }), { percent: 5, kept: true });
});

t.test(
  'errors that only those who are cached get end it; an origin that fails everybody does not',
  async (t) => {
    const text = `${rules('{ percent: 50 }')}rollback: { error_rate_above: 10%, min_requests: 5 }`;
    const failing: Answer = (_request, response) => response.writeHead(500).end();
    const site = await start(t, { text, answer: failing });
    const { cached, shadowed } = await site.sides('/1');
    for (const user of [...cached, ...shadowed, ...cached]) await site.get('/2', user);
    t.match(await site.report(), { rollouts: [{ percent: 50, evidence: { errors: 3 * cached.length } }] });
    site.clock.advance(600);
    site.answerWith((request, response) =>
      response
        .writeHead(shadowed.some((user) => request.headers.cookie === `session=${user}`) ? 200 : 500)
        .end(),
    );
    for (const user of [...shadowed, ...shadowed, ...cached, ...cached]) await site.get('/3', user);
    t.match(await site.report(), { rollouts: [{ percent: 0, set: { why: /answers were errors/ } }] });
  },
);

t.test('a rollout that `shadow` would make void is refused', async (t) => {
  const codes = (text: string): readonly string[] => {
    const parsed = parseConfig(`upstream: http://127.0.0.1:1\n${text}`, { file: 'x', env: {} });
    return parsed.kind === 'ok' ? [] : parsed.problems.map(({ code }) => code);
  };
  t.same(codes('mode: shadow\nrollout: { percent: 5 }'), ['conflicting-keys']);
  t.same(codes('content_types: { tags: { shadow: true, rollout: { percent: 5 } } }'), ['conflicting-keys']);
  t.same(codes('routes: [{ match: GET /a, type: tags, shadow: true, rollout: { percent: 5 } }]'), [
    'conflicting-keys',
  ]);
  t.same(codes('rollout: { percent: 5 }\nrollback: { for: 5m }'), ['missing-key']);
  t.same(codes('rollback: { stale_above: 1% }'), ['conflicting-keys']);
  t.same(codes('rollout: { percent: 101 }'), ['out-of-range']);
  t.same(codes('rollout: { percent: 5 }\nlisten: { workers: 2 }'), []);
});
