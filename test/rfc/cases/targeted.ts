/** RFC 9213: Shelflife-Cache-Control, CDN-Cache-Control. */

import { type Case, inSection, notReused, reused } from './form.ts';

const fields = ['Shelflife-Cache-Control', 'CDN-Cache-Control'] as const;

const each = (name: string) => {
  const id = name.startsWith('S') ? 'own' : 'cdn';
  const given = (value: string, ...more: string[]): { headers: string[] } => ({
    headers: [`${name}: ${value}`, ...more],
  });
  const forbidden = 'Cache-Control: no-store';
  const allowed = 'Cache-Control: max-age=3600';
  return [
    reused(`${id}-max-age`, `${name}: max-age`, given('max-age=3600')),
    notReused(`${id}-max-age-0`, 'max-age=0 is stale', given('max-age=0')),
    notReused(`${id}-max-age-0-expires`, 'whatever Expires says', given('max-age=0', 'Expires: {date+3600}')),
    reused(`${id}-expires-past`, 'also where that is past', given('max-age=3600', 'Expires: {date-3600}')),
    notReused(`${id}-age`, 'Age counts against it', given('max-age=3600', 'Age: 7200')),
    notReused(
      `${id}-age-beside`,
      'also where Cache-Control is longer',
      given('max-age=10', 'Age: 12', allowed),
    ),
    notReused(`${id}-date`, 'so does an old Date', given('max-age=3600', 'Date: {date-7200}')),
    reused(`${id}-int32`, 'max-age=2147483648', given('max-age=2147483648')),
    reused(`${id}-huge`, 'max-age=99999999999', given('max-age=99999999999')),
    reused(`${id}-extension`, 'an unknown member is ignored', given('foobar, max-age=3600')),
    notReused(`${id}-short`, 'a shorter lifetime than Cache-Control', {
      ...given('max-age=1', allowed),
      pause: 2,
    }),
    reused(`${id}-long`, 'a longer one', { ...given('max-age=3600', 'Cache-Control: max-age=1'), pause: 2 }),
    reused(`${id}-beats-no-store`, 'it allows storing despite no-store', given('max-age=3600', forbidden)),
    reused(`${id}-beats-private`, 'and despite private', given('max-age=3600', 'Cache-Control: private')),
    reused(`${id}-beats-no-cache`, 'and no-cache', given('max-age=3600', 'Cache-Control: no-cache')),
    reused(
      `${id}-beats-pragma`,
      'and invalid Expires',
      given('max-age=3600', 'Expires: 0', 'Pragma: no-cache'),
    ),
    notReused(`${id}-no-store`, 'no-store', given('no-store', allowed)),
    notReused(`${id}-private`, 'private', given('private', allowed)),
    notReused(`${id}-no-cache`, 'no-cache', given('no-cache', allowed)),
    notReused(
      `${id}-other-directives`,
      'Cache-Control counts for nothing beside it',
      given('public', allowed),
    ),
    reused(`${id}-s-maxage`, 's-maxage in it', { ...given('max-age=1, s-maxage=3600'), pause: 2 }),
    reused(`${id}-empty`, 'an empty one is ignored', given('', allowed)),
    notReused(`${id}-empty-no-store`, 'so that no-store counts', given('', forbidden)),
    ...[
      'max-age="3600"',
      'max-age=a',
      'max-age=3600.5',
      'max-age',
      'max-age=60, ==',
      'max-age=?1',
      '"max-age"',
      '&&',
    ].flatMap((value, at) => [
      reused(`${id}-invalid-${at}`, `invalid and so ignored: ${value}`, given(value, allowed)),
      notReused(
        `${id}-invalid-${at}-no-store`,
        `ignored, so that no-store counts: ${value}`,
        given(value, forbidden),
      ),
    ]),
    reused(`${id}-lines`, 'in several lines', {
      headers: [`${name}: foo`, `${name}: max-age=3600`, forbidden],
    }),
    reused(`${id}-kept`, 'the client gets it too', {
      ...given('max-age=3600'),
      expect: { headers: [`${name}: max-age=3600`] },
    }),
  ];
};

export const targetedCases: readonly Case[] = inSection('RFC 9213 §2.2', [
  ...fields.flatMap(each),
  reused('targeted-nearest', 'our own field before the general one', {
    headers: [
      'Shelflife-Cache-Control: max-age=3600',
      'CDN-Cache-Control: no-store',
      'Cache-Control: no-store',
    ],
  }),
  notReused('targeted-nearest-forbids', 'also where it forbids', {
    headers: [
      'Shelflife-Cache-Control: no-store',
      'CDN-Cache-Control: max-age=60',
      'Cache-Control: max-age=60',
    ],
  }),
  reused('targeted-next', 'where it is invalid, the general one', {
    headers: [
      'Shelflife-Cache-Control: max-age=x',
      'CDN-Cache-Control: max-age=60',
      'Cache-Control: no-store',
    ],
  }),
  reused('targeted-others', 'those for others are not ours', {
    headers: [
      'Cloudflare-CDN-Cache-Control: no-store',
      'Surrogate-Control: no-store',
      'Cache-Control: max-age=60',
    ],
  }),
]);
