/** Runs the case tables of the pure rules against the running proxy: it does what the rules say. */

import t from 'tap';
import type { Case } from './cases/form.ts';
import { ruleCases } from './rules/all.ts';
import { openBench, runCase } from './run.ts';

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

/** The proxy has such fields of its own, between itself and its client. */
const ownOfConnection: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding']);

const beyondConnection = (one: Case): Case => ({
  ...one,
  requests: one.requests.map(({ expect, ...step }) => ({
    ...step,
    ...(expect && {
      expect: {
        ...expect,
        missing: (expect.missing ?? []).filter((name) => !ownOfConnection.has(name.toLowerCase())),
      },
    }),
  })),
});

const bench = await openBench();
t.teardown(() => bench.close());

for (const [at, one] of ruleCases.entries()) {
  if (onlyPure.has(one.id)) continue;
  const host = `case-${at}.example.org`;
  t.test(`${one.section}: ${one.title} [${one.id}]`, async (t) => {
    t.same(await runCase(bench, beyondConnection(one), host), []);
  });
}
