import t from 'tap';
import { configIn, problemsBelow, upstream } from '../fixture.ts';

t.test('absent sections are absent, present ones have their defaults', async (t) => {
  const none = configIn(upstream);
  t.match(none, {
    warm: undefined,
    janitor: undefined,
    report: undefined,
    refresh: [],
    alerts: [],
    purge: { refill: false },
  });
  const some = configIn(`${upstream}warm: {}\njanitor: {}\nreport: {}\n`);
  t.strictSame(some.warm, { onStart: undefined, concurrency: 4 });
  t.strictSame(some.janitor, { every: 1800, scan: 5000 });
  t.strictSame(some.report, { every: 'week', day: 'sunday', atMinute: 480, webhook: undefined });
});

const bad: readonly (readonly [string, readonly string[]])[] = [
  [
    'warm: { on_start: { urls: [docs, //evil.example/, "http://h/", "/a b"] } }',
    ['1:28 bad-url', '1:34 bad-url', '1:51 bad-url', '1:64 bad-url'],
  ],
  ['warm: { concurrency: 0 }', ['1:22 out-of-range']],
  ['refresh: [{ every: 5m }]', ['1:11 missing-key']],
  ['refresh: [{ urls: [/a] }]', ['1:11 missing-key']],
  ['refresh: [{ urls: [], every: 5m }]', ['1:19 empty-value']],
  ['refresh: [{ urls: [/a], type: tags, every: 5m }]', ['1:31 conflicting-keys']],
  ['refresh: [{ urls: [/a], every: 5m, active_within: 1h }]', ['1:51 conflicting-keys']],
  ['janitor: { scan: 0.5 }', ['1:18 out-of-range']],
  ['report: { day: someday }', ['1:16 bad-value']],
  ['report: { at: 8am }', ['1:15 bad-time']],
  ['report: { webhook: hooks.example.org }', ['1:20 bad-url']],
  ['alerts: [{ when: { redis_down: true } }]', ['1:10 missing-key']],
  ['alerts: [{ name: a, when: {} }]', ['1:27 empty-value']],
  ['audit: { sample: 101% }', ['1:18 bad-value']],
  ['audit: {}', ['1:8 missing-key']],
  ['alerts: [{ name: a, when: { hit_rate_below: 50 } }]', ['1:45 out-of-range']],
  ['alerts: [{ name: a, when: { hit_rate_below: 0.5, redis_down: true } }]', ['1:50 conflicting-keys']],
  ['alerts: [{ name: a, when: { hit_rate_below: 0.5 }, for: 2d }]', ['1:57 out-of-range']],
  ['alerts: [{ name: a, when: { redis_down: false } }]', ['1:41 bad-value']],
  ['alerts:\n  - &a { name: a, when: { redis_down: true } }\n  - *a', ['2:8 duplicate-name']],
];
for (const [text, expected] of bad) {
  t.test(`\`${text.replaceAll('\n', '⏎')}\` is refused`, async (t) => {
    t.strictSame(problemsBelow(text), expected);
  });
}

t.test('`for` of a state may be longer than the period for which rates are counted', async (t) => {
  const { alerts } = configIn(`${upstream}alerts: [{ name: a, when: { redis_down: true }, for: 2d }]`);
  t.match(alerts, [{ for: 172_800 }]);
});

t.test('alerts have exactly one known condition', async (t) => {
  const conditions = [
    ['hit_rate_below: 0.5', { kind: 'hit_rate_below', share: 0.5 }],
    ['origin_error_rate_above: 0.1', { kind: 'origin_error_rate_above', share: 0.1 }],
    ['stale_above: 0.1%', { kind: 'stale_above', share: 0.001 }],
    ['origin_latency_above: 2s', { kind: 'origin_latency_above', duration: 2 }],
    ['purge_lag_above: 500ms', { kind: 'purge_lag_above', duration: 0.5 }],
    ['memory_above: 1MiB', { kind: 'memory_above', bytes: 1024 ** 2 }],
    ['redis_down: true', { kind: 'redis_down' }],
    ['leak_suspected: true', { kind: 'leak_suspected' }],
  ] as const;
  for (const [text, expected] of conditions) {
    const { alerts } = configIn(`${upstream}alerts: [{ name: a, when: { ${text} } }]`);
    t.strictSame(alerts, [{ name: 'a', when: expected, for: 300, minRequests: 100, webhook: undefined }]);
  }
});
