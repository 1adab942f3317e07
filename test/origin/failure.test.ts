/** What the errors of undici and of sockets are called. */

import t from 'tap';
import { failureReason } from '../../src/origin/failure.ts';

const byCode: readonly (readonly [code: string, reason: string])[] = [
  ['ECONNREFUSED', 'refused'],
  ['ENOENT', 'refused'],
  ['EACCES', 'refused'],
  ['ENOTFOUND', 'dns'],
  ['EAI_AGAIN', 'dns'],
  ['EAI_NODATA', 'dns'],
  ['ENODATA', 'dns'],
  ['EHOSTUNREACH', 'unroutable'],
  ['ENETUNREACH', 'unroutable'],
  ['ETIMEDOUT', 'connect-timeout'],
  ['UND_ERR_CONNECT_TIMEOUT', 'connect-timeout'],
  ['ECONNRESET', 'reset'],
];

t.test('RFC 9209 §2.3: a name that is not found and a network without a way are no refusals', async (t) => {
  for (const [code, reason] of byCode) {
    const error = Object.assign(new Error(code), { code });
    t.equal(failureReason(error, false), reason, code);
    t.equal(failureReason(new Error('fetch failed', { cause: error }), false), reason, code);
  }
});
