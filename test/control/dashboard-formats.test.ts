/** How the dashboard writes sizes and times: a number before its unit, in either language. */
import t from 'tap';

type Formats = {
  readonly bytes: (value: number) => string;
  readonly milliseconds: (value: number) => string;
};
const module = '../../src/control/dashboard/formats.js';
const { formatsOf } = (await import(module)) as { formatsOf: (language: string) => Formats };

const shown = (text: string): string => text.replaceAll('\u00a0', ' ');

t.test('one of a unit is formatted like two', async (t) => {
  const [hebrew, english] = [formatsOf('he'), formatsOf('en')];
  for (const [bytes, text] of [
    [1e3, '1 kB'],
    [1e6, '1 MB'],
    [1.04e6, '1 MB'],
    [2.5e6, '2.5 MB'],
    [1e9, '1 GB'],
  ] as const) {
    t.equal(shown(english.bytes(bytes)), text);
    t.equal(shown(hebrew.bytes(bytes)), `\u2066${text}\u2069`, 'in an isolate, from left to right');
  }
  t.equal(shown(hebrew.milliseconds(0.001)), '\u20661 ms\u2069');
});

t.test('a field of a CSV file is no formula, and what has a comma or a quote is quoted', async (t) => {
  const file = '../../src/control/dashboard/chart-files.js';
  const { csvOf, field } = (await import(file)) as {
    csvOf: (series: Readonly<Record<string, readonly unknown[]>>, keys: readonly string[]) => string;
    field: (value: unknown) => string;
  };
  for (const [value, text] of [
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@x', "'@x"],
    ['\t=x', "'\t=x"],
    ['a,"b"', '"a,""b"""'],
    [null, ''],
    [0.5, '0.5'],
  ] as const)
    t.equal(field(value), text, text);
  t.equal(csvOf({ at: [0], hit_rate: [null] }, ['hit_rate']), 'at,hit_rate\r\n1970-01-01T00:00:00.000Z,\r\n');
});
