/** Runs the case tables of the pure rules against the running proxy: it does what the rules say. */

import t from 'tap';
import type { ExchangeCase } from './case.ts';
import { overSockets } from './cases/from-exchange.ts';
import { conditionalCases } from './conditional.cases.ts';
import { freshenCases } from './freshen.cases.ts';
import { invalidationCases } from './invalidation.cases.ts';
import { lifetimeCases } from './lifetime.cases.ts';
import { rangeCases } from './range.cases.ts';
import { reuseCases } from './reuse.cases.ts';
import { storedFieldsCases } from './stored-fields.cases.ts';
import { storingCases } from './storing.cases.ts';
import { targetedCases } from './targeted.cases.ts';
import { validationCases } from './validation.cases.ts';
import { varyCases } from './vary.cases.ts';
import { openBench, runCase } from './run.ts';

const cases: readonly ExchangeCase[] = [
  ...storingCases,
  ...lifetimeCases,
  ...reuseCases,
  ...varyCases,
  ...storedFieldsCases,
  ...conditionalCases,
  ...validationCases,
  ...freshenCases,
  ...rangeCases,
  ...invalidationCases,
  ...targetedCases,
];

/**
 * What sockets do not carry (methods node:http does not know, a Transfer-Encoding that is not the framing), and what the
 * proxy decides more strictly than the rules must: a response with Set-Cookie is not stored on `standard`.
 */
const onlyPure: ReadonlySet<string> = new Set([
  'invalidate-method-FOO',
  'invalidate-method-post',
  'method-unknown',
  'hop-by-hop',
  'set-cookie',
]);

const bench = await openBench();
t.teardown(() => bench.close());

for (const [at, one] of cases.entries()) {
  if (onlyPure.has(one.id)) continue;
  const host = `case-${at}.example.org`;
  t.test(`${one.section}: ${one.title} [${one.id}]`, async (t) => {
    t.same(await runCase(bench, overSockets(one, host), host), []);
  });
}
