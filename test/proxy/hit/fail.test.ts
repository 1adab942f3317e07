import t from 'tap';
import { combinedValue } from '../../../src/http/fields.ts';
import { plainFields, sendFailure } from '../../../src/proxy/hit/fail.ts';
import { exchangeBut } from '../exchange-but.ts';

t.test('CONTRACT §4: an unreachable origin is a 502, a slow one a 504', async (t) => {
  for (const [reason, status, error] of [
    ['refused', 502, 'connection_refused'],
    ['dns', 502, 'dns_error'],
    ['unroutable', 502, 'destination_ip_unroutable'],
    ['truncated', 502, 'http_response_incomplete'],
    ['connect-timeout', 504, 'connection_timeout'],
    ['head-timeout', 504, 'http_response_timeout'],
  ] as const) {
    const { exchange, written } = exchangeBut('unmatched: standard');
    t.equal(sendFailure(exchange, { reason, sent: true }, 'shelflife; x'), status, reason);
    t.match(written, { status, end: 'ended', body: status === 504 ? /in time/ : /no usable answer/ });
    t.match(combinedValue(written.fields, 'proxy-status'), `error=${error}`);
    t.equal(combinedValue(written.fields, 'cache-control'), 'no-store');
    t.equal(combinedValue(written.fields, 'cache-status'), 'shelflife; x');
    t.equal(combinedValue(written.fields, 'content-length'), String(written.body.length));
  }
});

t.test('the answer to a HEAD has no body', async (t) => {
  const { exchange, written } = exchangeBut('unmatched: standard', { method: 'HEAD' });
  sendFailure(exchange, { reason: 'refused', sent: false }, 'x');
  t.match(written, { status: 502, end: 'ended', body: '' });
});

t.test('lengths are in bytes', async (t) => {
  t.equal(combinedValue(plainFields('é', 'x'), 'content-length'), '2');
});
