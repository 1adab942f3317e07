/** RFC 9110 §14: parts of a stored response of 100 bytes. */
import { type Case, hundred, inSection } from '../cases/form.ts';

const part = (
  id: string,
  title: string,
  request: readonly string[],
  expected: object,
  stored: readonly string[] = ['ETag: "a"'],
) => ({
  id: `range-${id}`,
  title,
  requests: [
    {
      response: { headers: ['Cache-Control: max-age=3600', ...stored], body: hundred },
      expect: { type: 'not_cached' as const },
    },
    { at: 5, headers: request, expect: { type: 'cached' as const, ...expected } },
  ],
});

const single = (first: number, last: number) => ({
  status: 206,
  headers: [`Content-Range: bytes ${first}-${last}/100`, `Content-Length: ${last - first + 1}`],
});
const digests = ['ETag: "a"', 'Content-Digest: sha-256=:AAAA:', 'Repr-Digest: sha-256=:AAAA:'];
const whole = { status: 200, missing: ['Content-Range'] };

export const rangeCases: readonly Case[] = [
  ...inSection('RFC 9110 §14.2', [
    part('single', 'a part', ['Range: bytes=10-19'], single(10, 19)),
    part('unit-case', 'the unit in any case', ['Range: BYTES=10-19'], single(10, 19)),
    part('open', 'from a byte on', ['Range: bytes=90-'], single(90, 99)),
    part('beyond', 'cut at the end', ['Range: bytes=90-1000'], single(90, 99)),
    part('suffix', 'the last bytes', ['Range: bytes=-5'], single(95, 99)),
    part('suffix-long', 'more last bytes than there are', ['Range: bytes=-500'], single(0, 99)),
    part('touching', 'parts that touch are one', ['Range: bytes=0-9, 10-19'], single(0, 19)),
    part('near', 'parts that nearly touch are one', ['Range: bytes=0-9, 20-29'], single(0, 29)),
    part(
      'some-unsatisfiable',
      'those that lie beyond are left out',
      ['Range: bytes=0-9, 200-'],
      single(0, 9),
    ),
    part('several', 'parts apart are several', ['Range: bytes=0-0, -1'], { status: 206 }),
    part('unsatisfiable', 'none within is 416', ['Range: bytes=100-'], {
      status: 416,
      headers: ['Content-Range: bytes */100'],
    }),
    part('suffix-zero', 'no last bytes is 416', ['Range: bytes=-0'], { status: 416 }),
    part('other-unit', 'another unit is ignored', ['Range: lines=1-2'], whole),
    part('reversed', 'a malformed one is ignored', ['Range: bytes=9-0'], whole),
    part('nonsense', 'nonsense is ignored', ['Range: bytes=a-b'], whole),
    part('half-nonsense', 'so is a list with nonsense in it', ['Range: bytes=0-9, x'], whole),
    part('empty', 'so is an empty list', ['Range: bytes=,'], whole),
    part('dash', 'so is a dash', ['Range: bytes=-'], whole),
    part(
      'too-many',
      'so are too many',
      [`Range: bytes=${Array.from({ length: 65 }, () => '0-0').join(',')}`],
      whole,
    ),
    part(
      'not-modified',
      'a condition that ends in 304 comes first',
      ['Range: bytes=0-9', 'If-None-Match: "a"'],
      { status: 304 },
    ),
  ]),
  ...inSection('RFC 9530 §2', [
    part(
      'digest-part',
      'the digest of the whole content is not that of a part, the digest of the representation is',
      ['Range: bytes=10-19'],
      { status: 206, headers: ['Repr-Digest: sha-256=:AAAA:'], missing: ['Content-Digest'] },
      digests,
    ),
    part('digest-whole', 'the whole has both', [], { status: 200, headers: digests.slice(1) }, digests),
  ]),
  ...inSection('RFC 9110 §13.1.5', [
    part('if-range', 'a strong tag that matches', ['Range: bytes=0-9', 'If-Range: "a"'], single(0, 9)),
    part('if-range-other', 'one that does not', ['Range: bytes=0-9', 'If-Range: "b"'], whole),
    part('if-range-weak', 'a weak one never', ['Range: bytes=0-9', 'If-Range: W/"a"'], whole),
    part('if-range-weak-stored', 'nor against a weak one', ['Range: bytes=0-9', 'If-Range: "a"'], whole, [
      'ETag: W/"a"',
    ]),
    part('if-range-unquoted', 'nor one without quotes', ['Range: bytes=0-9', 'If-Range: a'], whole, [
      'ETag: a',
    ]),
    part(
      'if-range-date',
      'the date of Last-Modified',
      ['Range: bytes=0-9', 'If-Range: {start-60}'],
      single(0, 9),
      ['Last-Modified: {date-60}'],
    ),
    part(
      'if-range-date-other',
      'a later date does not match',
      ['Range: bytes=0-9', 'If-Range: {start-50}'],
      whole,
      ['Last-Modified: {date-60}'],
    ),
    part(
      'if-range-date-weak',
      'nor a date as young as the response',
      ['Range: bytes=0-9', 'If-Range: {start}'],
      whole,
      ['Last-Modified: {date}'],
    ),
    part(
      'if-range-unsatisfiable',
      'a condition that is false leaves no 416',
      ['Range: bytes=100-', 'If-Range: "b"'],
      whole,
    ),
  ]),
];
