/** An outcome for tests: a cold miss of a page, and variations. */
import { seconds } from '../../src/kit/time.ts';
import type { Outcome } from '../../src/proxy/exchange/outcome.ts';

export const outcomeBut = (change: Partial<Outcome> = {}): Outcome => ({
  kind: 'forward',
  status: 200,
  contentType: 'page',
  route: '/page/*',
  method: 'GET',
  host: 'example.org',
  target: '/page/1',
  requestId: undefined,
  entry: undefined,
  cacheStatus: undefined,
  miss: 'cold',
  purgedBy: undefined,
  pass: undefined,
  doubt: undefined,
  refusal: undefined,
  failure: undefined,
  notStored: undefined,
  duration: seconds(0.1),
  originDuration: seconds(0.1),
  ...change,
});
