import fc from 'fast-check';
import { parseList } from 'structured-headers';
import t from 'tap';
import { cacheStatusValue, proxyStatusValue } from '../../src/http/cache-status.ts';
import { seconds } from '../../src/kit/time.ts';
import { anyCharacter } from '../helpers/any-character.ts';

t.test('RFC 9211 §2: members', async (t) => {
  t.equal(cacheStatusValue({ kind: 'hit', ttl: seconds(36.1) }), 'shelflife; hit; ttl=37');
  t.equal(cacheStatusValue({ kind: 'hit', ttl: seconds(-0.5) }), 'shelflife; hit; ttl=-1');
  t.equal(cacheStatusValue({ kind: 'hit' }), 'shelflife; hit');
  t.equal(
    cacheStatusValue({ kind: 'hit', detail: 'stale if error' }),
    'shelflife; hit; detail="stale if error"',
  );
  t.equal(
    cacheStatusValue({ kind: 'forward', fwd: 'uri-miss', stored: true }),
    'shelflife; fwd=uri-miss; stored',
  );
  t.equal(
    cacheStatusValue({ kind: 'forward', fwd: 'bypass', detail: 'identity' }),
    'shelflife; fwd=bypass; detail=identity',
  );
  t.equal(
    cacheStatusValue({
      kind: 'forward',
      fwd: 'stale',
      fwdStatus: 304,
      ttl: seconds(60),
      stored: true,
      collapsed: true,
      detail: 'a"b\\c\u00e9\n',
    }),
    'shelflife; fwd=stale; fwd-status=304; ttl=60; stored; collapsed; detail="a\\"b\\\\c??"',
  );
  t.equal(
    cacheStatusValue({ kind: 'forward', fwd: 'miss', stored: false, collapsed: false, detail: '' }),
    'shelflife; fwd=miss',
  );
});

t.test('RFC 9209 §2: members', async (t) => {
  t.equal(proxyStatusValue('connection_refused'), 'shelflife; error=connection_refused');
});

t.test('whatever the detail, the member is valid Structured Fields text', async () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), (detail) => {
      const [member] = parseList(cacheStatusValue({ kind: 'hit', detail }));
      return member?.[1].has('hit') === true && member[1].has('detail') === (detail !== '');
    }),
  );
});
