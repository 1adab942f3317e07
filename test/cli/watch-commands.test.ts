/** `shelflife top` and `shelflife report`, as processes against a running proxy. */
import t from 'tap';
import { fileOf, run, serve, startOrigin, token } from './command.ts';
import { endsTop, isOverview, type Overview, screenLines, sizeOf } from '../../src/cli/top-screen.ts';

const env = { SHELFLIFE_TOKEN: token };

t.test('top --once --json gives all the numbers, top --once a screen of text', async (t) => {
  const origin = await startOrigin(t);
  const file = fileOf(
    t,
    `upstream: ${origin}\ncontent_types: { page: { scope: public } }\nroutes: [{ match: GET /*, type: page }]\n`,
  );
  const serving = await serve(t, ['-c', file]);
  for (let n = 0; n < 4; n += 1) await (await fetch(`${serving.site}/a`)).text();
  const json = await run(['top', '--once', '--json', '--control', serving.control], env);
  t.equal(json.code, 0, json.stderr);
  const overview = JSON.parse(json.stdout) as unknown;
  t.ok(isOverview(overview));
  t.match(overview, { metrics: { total_hits: 3, total_misses: 1 } });
  const text = await run(['top', '--once', '--control', serving.control], env);
  t.match(text.stdout, /hit rate 75\.0% of the last 100/);
  t.match(text.stdout, /page +4 +75\.0%/);
  t.match(text.stdout, /cold +1 +100\.0%/);
  t.match(text.stdout, /3 +page +127\.0\.0\.1:\d+\/a/);

  const report = await run(['report', '--period', 'day', '--control', serving.control], env);
  t.equal(report.code, 0, report.stderr);
  t.match(report.stdout, /^shelflife, the day from/);
  t.match(report.stdout, /Hit rate +75\.0 %/);
  const html = await run(['report', '--format', 'html', '--control', serving.control], env);
  t.match(html.stdout, /^<!doctype html>/);
  const asJson = await run(['report', '--json', '--control', serving.control], env);
  t.match(JSON.parse(asJson.stdout), { period: 'week' });
  t.equal(await serving.stop('SIGTERM'), 0);
});

t.test('without a proxy, and with a wrong token, both say so and end with 1', async (t) => {
  for (const command of ['top', 'report']) {
    const gone = await run([command, '--control', 'http://127.0.0.1:9'], env);
    t.equal(gone.code, 1);
    t.match(gone.stderr, /no answer from http:\/\/127\.0\.0\.1:9/);
    t.equal(gone.stdout, '');
  }
});

const overview: Overview = {
  metrics: {
    hit_rate: 0.5,
    total_hits: 1,
    total_misses: 1,
    avg_response_time: 2,
    cache_size: '1.0K',
    cache_entries: 1,
    uptime_seconds: 100_000,
    redis: { redis: 'none', breaker: 'closed' },
    origin: { requests: 1, errors: 0, mean_ms: 20 },
    saved: { origin_seconds: 1 },
    types: Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => [
        `type_${n}`,
        { requests: n, hit_rate: 0.5, ttl: 60, mean_hit_ms: 1, mean_miss_ms: 2 },
      ]),
    ),
  },
  series: { hits: [1], misses: [1], passes: [0], writes: [0] },
  misses: { reasons: [{ reason: 'cold', count: 1, share: 1 }] },
  hot: [{ url: `example.org/\x1b[2J\u202e${'x'.repeat(300)}`, type: 'page', hits: 1 }],
  alerts: { firing: [] },
};

t.test('a screen fits the terminal, whatever its size, and no URL can steer it', async (t) => {
  for (const [columns, rows] of [
    [80, 24],
    [40, 12],
    [300, 100],
    [20, 5],
  ] as const) {
    const lines = screenLines(overview, { control: 'http://127.0.0.1:8081', columns, rows });
    t.ok(lines.length <= rows, `${columns}×${rows}`);
    t.ok(lines.every((line) => line.length <= columns));
    t.notMatch(lines.join('\n'), /[\x1b\u202e]/);
  }
});

t.test('q, Ctrl-C and Escape end it; an arrow, a page key or a paste of a sequence does not', async (t) => {
  for (const keys of ['q', 'Q', 'xq', '\x03', '\x04', '\x1b']) t.ok(endsTop(keys), JSON.stringify(keys));
  for (const keys of ['', 'x', '\x1b[A', '\x1bOQ', '\x1b[5~', '\x1b[I']) {
    t.notOk(endsTop(keys), JSON.stringify(keys));
  }
});

t.test('a terminal of unknown size still gets a screen', async (t) => {
  t.strictSame(sizeOf({ columns: 0, rows: 0 }), { columns: 80, rows: 24 });
  t.strictSame(sizeOf({ columns: 120, rows: 40 }), { columns: 120, rows: 40 });
});
