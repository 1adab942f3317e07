/** RFC 9111 §4.2.1: explicit lifetimes, their spellings, and which one counts. */

import { type Case, inSection, notReused, reused } from './form.ts';

const cc = (...values: string[]): { headers: string[] } => ({
  headers: values.map((value) => `Cache-Control: ${value}`),
});

const accepted: readonly (readonly [id: string, value: string])[] = [
  ['plain', 'max-age=3600'],
  ['quoted', 'max-age="3600"'],
  ['leading-zeros', 'max-age=003600'],
  ['int32-minus-1', 'max-age=2147483647'],
  ['int32', 'max-age=2147483648'],
  ['int32-plus', 'max-age=2147483649'],
  ['huge', 'max-age=99999999999'],
  ['absurd', `max-age=${'9'.repeat(400)}`],
  ['two-hundred-years', 'max-age=6307200000'],
  ['case', 'MaX-aGe=3600'],
  ['no-space', 'public,max-age=3600'],
  ['tabs', 'public\t,\tmax-age=3600'],
  ['extension', 'foobar, max-age=3600'],
  ['extension-before', 'foobar=max-age, max-age=3600'],
  ['quoted-comma', 'foo="a, max-age=0", max-age=3600'],
  ['escaped-quote', 'foo="\\", max-age=0, \\"", max-age=3600'],
  ['empty-members', ',, ,max-age=3600,,'],
];

const refused: readonly (readonly [id: string, value: string])[] = [
  ['zero', 'max-age=0'],
  ['negative', 'max-age=-3600'],
  ['none', 'max-age'],
  ['empty', 'max-age='],
  ['empty-quoted', 'max-age=""'],
  ['decimal', 'max-age=3600.0'],
  ['decimal-five', 'max-age=3600.5'],
  ['a100', 'max-age=a3600'],
  ['100a', 'max-age=3600a'],
  ['single-quotes', "max-age='3600'"],
  ['hex', 'max-age=0xe10'],
  ['exponent', 'max-age=1e9'],
  ['plus', 'max-age=+3600'],
  ['space-before-equals', 'max-age =3600'],
  ['space-after-equals', 'max-age= 3600'],
  ['semicolon', 'max-age=3600;foo'],
  ['quoted-only', 'extension="max-age=3600"'],
  ['quoted-before', 'extension="max-age=3600", max-age=0'],
  ['quoted-after', 'max-age=0, extension="max-age=3600"'],
  ['conflict-fresh-stale', 'max-age=1800, max-age=0'],
  ['conflict-stale-fresh', 'max-age=0, max-age=1800'],
  ['conflict-invalid', 'max-age=1800, max-age=a'],
  ['longer-name', 'x-max-age=3600'],
];

export const freshnessCases: readonly Case[] = [
  ...inSection('RFC 9111 §5.2.2.1', [
    ...accepted.map(([id, value]) => reused(`max-age-${id}`, value.slice(0, 60), cc(value))),
    ...refused.map(([id, value]) => notReused(`max-age-${id}`, value, cc(value))),
    notReused('max-age-two-lines', 'conflicting lines: the shorter one', {
      ...cc('max-age=1800', 'max-age=1'),
      pause: 2,
    }),
    notReused('max-age-two-lines-reversed', 'whichever comes first', {
      ...cc('max-age=1', 'max-age=1800'),
      pause: 2,
    }),
    reused('max-age-end', 'fresh in its last second', { ...cc('max-age=60'), pause: 59 }),
    notReused('max-age-over', 'and stale at its end', { ...cc('max-age=60'), pause: 60 }),
    reused('max-age-long-after', 'two hundred years are two hundred years', {
      ...cc('max-age=6307200000'),
      pause: 6_000_000_000,
      expect: { headers: ['Age: 6000000000'] },
    }),
    notReused('max-age-age', 'the age counts against it', {
      headers: ['Cache-Control: max-age=3600', 'Age: 7200'],
    }),
    notReused('max-age-date', 'so does an old Date', {
      headers: ['Cache-Control: max-age=3600', 'Date: {date-7200}'],
    }),
  ]),
  ...inSection('RFC 9111 §4.2.1', [
    reused('s-maxage', 's-maxage alone', cc('s-maxage=3600')),
    reused('s-maxage-longer', 's-maxage beats a shorter max-age', {
      ...cc('max-age=1, s-maxage=3600'),
      pause: 2,
    }),
    reused('s-maxage-longer-reversed', 'in any order', { ...cc('s-maxage=3600, max-age=1'), pause: 2 }),
    reused('s-maxage-longer-lines', 'in lines of their own', {
      ...cc('max-age=1', 's-maxage=3600'),
      pause: 2,
    }),
    notReused('s-maxage-shorter', 's-maxage beats a longer max-age', {
      ...cc('max-age=3600, s-maxage=1'),
      pause: 2,
    }),
    notReused('s-maxage-shorter-expires', 'and a later Expires', {
      headers: ['Cache-Control: max-age=3600, s-maxage=1', 'Expires: {date+3600}'],
      pause: 2,
    }),
    notReused('s-maxage-0', 's-maxage=0 is stale at once', cc('max-age=3600, s-maxage=0')),
    notReused('s-maxage-bad', 'an unreadable s-maxage is stale', cc('max-age=3600, s-maxage=x')),
    reused('max-age-expires', 'max-age beats an earlier Expires', {
      headers: ['Cache-Control: max-age=3600', 'Expires: {date-60}'],
    }),
    reused('max-age-expires-0', 'and an invalid one', {
      headers: ['Cache-Control: max-age=3600', 'Expires: 0'],
    }),
    notReused('max-age-0-expires', 'max-age=0 beats a later Expires', {
      headers: ['Cache-Control: max-age=0', 'Expires: {date+3600}'],
    }),
    reused('expires-directives', 'Expires counts where the directives give no lifetime', {
      headers: ['Cache-Control: public', 'Expires: {date+3600}'],
    }),
    notReused('expires-heuristic', 'an Expires in the past leaves nothing to guess', {
      headers: ['Expires: {date-60}', 'Last-Modified: {date-86400}'],
    }),
    notReused('max-age-0-heuristic', 'nor does max-age=0', {
      headers: ['Cache-Control: max-age=0', 'Last-Modified: {date-86400}'],
    }),
    notReused('nothing', 'nothing that gives a lifetime', { headers: [] }),
  ]),
];
