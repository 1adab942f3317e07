/** An outcome for tests: a cold miss of a page, and variations. */
import { seconds } from '../../src/kit/time.ts';
import { nothingKnown, type Outcome } from '../../src/proxy/exchange/outcome.ts';

export const outcomeBut = (change: Partial<Outcome> = {}): Outcome => ({
  ...nothingKnown,
  kind: 'forward',
  status: 200,
  contentType: 'page',
  route: '/page/*',
  method: 'GET',
  host: 'example.org',
  target: '/page/1',
  requestId: undefined,
  miss: 'cold',
  duration: seconds(0.1),
  originDuration: seconds(0.1),
  ...change,
});
