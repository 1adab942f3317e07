import t from 'tap';
import { configIn, problemsBelow, upstream } from '../fixture.ts';

const hours = (...bands: readonly string[]) =>
  `ttl:\n  hours:\n${bands.map((band, i) => `    - { name: h${i}, from: "${band.slice(0, 5)}", to: "${band.slice(6)}", factor: 1 }`).join('\n')}`;

const good: readonly (readonly [string, readonly string[]])[] = [
  ['three bands, one over midnight', ['09:00-18:00', '18:00-23:00', '23:00-09:00']],
  ['bands in any order', ['18:00-09:00', '09:00-18:00']],
  ['a band that ends at midnight', ['00:00-12:00', '12:00-24:00']],
  ['midnight written 00:00', ['00:00-12:00', '12:00-00:00']],
  ['one band from midnight to midnight', ['00:00-24:00']],
  ['one band that is the whole day from any time on', ['05:00-05:00']],
];
for (const [what, bands] of good) {
  t.test(`hours: ${what} cover the day once`, async (t) => {
    t.strictSame(problemsBelow(hours(...bands)), []);
  });
}

const bad: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['a gap', ['09:00-18:00', '19:00-09:00'], ['3:5 hours-gap']],
  ['a gap over midnight', ['09:00-23:00', '01:00-09:00'], ['3:5 hours-gap']],
  ['two gaps', ['09:00-12:00', '13:00-23:00'], ['3:5 hours-gap', '3:5 hours-gap']],
  ['an overlap', ['09:00-18:00', '17:59-09:00'], ['4:7 hours-overlap']],
  ['an overlap over midnight', ['22:00-02:00', '01:00-22:00'], ['4:7 hours-overlap']],
  ['an overlap and a gap', ['09:00-18:00', '17:00-08:00'], ['3:5 hours-gap', '4:7 hours-overlap']],
  ['the same band twice', ['00:00-24:00', '00:00-24:00'], ['4:7 hours-overlap']],
  ['an unreadable time', ['09:00-18:00', '18:00-25:00'], ['4:38 bad-time']],
];
for (const [what, bands, expected] of bad) {
  t.test(`hours: ${what} is refused`, async (t) => {
    t.strictSame(problemsBelow(hours(...bands)), expected);
  });
}

t.test('with an unreadable entry, the other hours are checked, except for gaps', async (t) => {
  const band = (name: string, time: string, factor: string) =>
    `  - { name: ${name}, from: "${time.slice(0, 5)}", to: "${time.slice(6)}", factor: ${factor} }\n`;
  const [day, late] = [band('a', '09:00-18:00', '1'), band('a', '17:00-23:00', '1')];
  t.strictSame(problemsBelow(`ttl:\n  hours:\n${day}${late}${band('b', '23:00-9', '1')}`), [
    '4:5 duplicate-name',
    '4:5 hours-overlap',
    '5:35 bad-time',
  ]);
  t.strictSame(problemsBelow(`ttl:\n  hours:\n${day}${band('a', '17:00-23:00', '-1')}`), [
    '3:3 hours-gap',
    '4:5 duplicate-name',
    '4:5 hours-overlap',
    '4:52 out-of-range',
  ]);
});

t.test('an empty list of hours does not cover the day', async (t) => {
  t.strictSame(problemsBelow('ttl: { hours: [] }'), ['1:15 hours-gap']);
});

t.test('names of hours and of factors must be unique', async (t) => {
  const band = (from: string, to: string) => `{ name: a, from: "${from}", to: "${to}", factor: 1 }`;
  t.strictSame(
    problemsBelow(`ttl:\n  hours:\n  - ${band('00:00', '12:00')}\n  - ${band('12:00', '00:00')}`),
    ['4:5 duplicate-name'],
  );
  const factor = '{ name: f, factor: 2, when: { access: high } }';
  t.strictSame(problemsBelow(`ttl:\n  factors:\n  - ${factor}\n  - ${factor}`), ['4:5 duplicate-name']);
});

t.test('time zones are IANA names', async (t) => {
  for (const zone of ['UTC', 'Asia/Jerusalem', 'America/Argentina/Buenos_Aires']) {
    t.equal(configIn(`${upstream}ttl: { time_zone: ${zone} }`).ttl.timeZone, zone);
  }
  for (const zone of ['Asia/Jerusalemm', '"+02:00"', 'local time']) {
    t.strictSame(problemsBelow(`ttl: { time_zone: ${zone} }`), ['1:19 bad-time-zone'], zone);
  }
});

const conditions: readonly (readonly [string, unknown])[] = [
  ['response_header: { X-Fav: "true" }', { kind: 'response_header', name: 'x-fav', value: 'true' }],
  ['response_header: { x-fav: true }', { kind: 'response_header', name: 'x-fav', value: 'true' }],
  ['request_header: { x-a: 010 }', { kind: 'request_header', name: 'x-a', value: '010' }],
  ['query: { page: 1 }', { kind: 'query', name: 'page', value: '1' }],
  ['modified_within: 1h', { kind: 'modified_within', within: 3600 }],
  ['access: high', { kind: 'access', level: 'high' }],
  ['status: 404', { kind: 'status', statuses: [404] }],
  ['status: [404, 410]', { kind: 'status', statuses: [404, 410] }],
  ['larger_than: 1KiB', { kind: 'larger_than', bytes: 1024 }],
  [
    'claim: { user_data.is_premium: true }',
    { kind: 'claim', path: ['user_data', 'is_premium'], value: true },
  ],
  ['json: { /a~1b/0: null }', { kind: 'json', pointer: ['a/b', '0'], value: null }],
  ['json: { /n: 1.5 }', { kind: 'json', pointer: ['n'], value: 1.5 }],
  ['json: { /s: "1.5" }', { kind: 'json', pointer: ['s'], value: '1.5' }],
];
for (const [text, expected] of conditions) {
  t.test(`a factor may depend on \`${text}\``, async (t) => {
    const { ttl } = configIn(`${upstream}ttl: { factors: [{ name: f, factor: 2, when: { ${text} } }] }`);
    t.strictSame(ttl.factors, [{ name: 'f', factor: 2, when: [expected] }]);
  });
}

const badConditions: readonly (readonly [string, string])[] = [
  ['', '49 empty-value'],
  ['access: low', '59 bad-value'],
  ['status: 99', '59 out-of-range'],
  ['json: { a: 1 }', '59 bad-pointer'],
  ['json: { /a~2: 1 }', '59 bad-pointer'],
  ['claim: { a..b: 1 }', '60 bad-name'],
  ['response_header: { "x y": 1 }', '70 bad-name'],
  ['moon: full', '51 unknown-key'],
];
for (const [text, expected] of badConditions) {
  t.test(`a factor that depends on \`${text}\` is refused`, async (t) => {
    t.strictSame(problemsBelow(`ttl: { factors: [{ name: f, factor: 2.00, when: { ${text} } }] }`), [
      `1:${expected}`,
    ]);
  });
}

t.test('several conditions are kept together, and all must hold', async (t) => {
  const { ttl } = configIn(
    `${upstream}ttl: { factors: [{ name: f, factor: 2, when: { access: high, query: { a: x, b: y } } }] }`,
  );
  t.strictSame(
    ttl.factors[0]?.when.map(({ kind }) => kind),
    ['query', 'query', 'access'],
  );
});
