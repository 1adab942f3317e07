import t from 'tap';
import { combinedValue } from '../../../src/http/fields.ts';
import { renewBy304, renewByHead } from '../../../src/proxy/fetch/renew-entry.ts';
import { entryBut } from '../../store/entry.ts';
import { headBut, termsBut } from './terms-but.ts';

const standard = termsBut('unmatched: standard');
const stored = entryBut({ fields: ['ETag', '"1"', 'Cache-Control', 'max-age=1', 'X-Kept', 'yes'] });
const asOf = { log: 'log', seq: 3 };

t.test('RFC 9111 §4.3.4: a 304 updates the fields, and keeps the body', (t) => {
  const head = headBut(['ETag', '"1"', 'Cache-Control', 'max-age=60', 'Set-Cookie', 'a=b'], { status: 304 });
  const renewal = renewBy304({ ...standard, method: 'HEAD' }, { stored, head, asOf });
  if (renewal.kind !== 'renewed') throw new Error(renewal.kind);
  const { entry } = renewal;
  t.equal(entry.body, stored.body);
  t.hasStrict(entry, { status: 200, asOf });
  t.equal(entry.policy.lifetime, 60);
  t.equal(combinedValue(entry.fields, 'x-kept'), 'yes');
  t.equal(combinedValue(entry.fields, 'set-cookie'), undefined);
  t.end();
});

t.test('a 304 may be about another representation, or end the stored one', (t) => {
  const about = (...fields: string[]) =>
    renewBy304(standard, { stored, head: headBut(fields, { status: 304 }), asOf });
  t.match(about('ETag', '"2"'), { kind: 'other' });
  t.match(about('ETag', '"1"', 'Cache-Control', 'no-store'), { kind: 'ended', reason: 'no-store' });
  t.end();
});

t.test('RFC 9111 §4.3.5: a HEAD freshens or ends a stored response, on standard routes', (t) => {
  const by = (fields: readonly string[], terms = standard) =>
    renewByHead({ ...terms, method: 'HEAD' }, { stored, head: headBut(fields), asOf })?.kind;
  const same = ['ETag', '"1"', 'Cache-Control', 'max-age=60'];
  t.equal(by(same), 'renewed');
  t.equal(by(['ETag', '"2"']), 'other');
  t.equal(by([...same, 'Content-Length', '1']), 'other');
  const ruled = termsBut('content_types: { page: { } }\nroutes: [{ match: GET /a/1, type: page }]');
  t.equal(by(same, ruled), undefined);
  t.end();
});
