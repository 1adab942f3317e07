/** The cases of the running proxy: the messages between client, proxy and origin. */

import t from 'tap';
import type { Case } from './cases/form.ts';
import { credentialCases } from './cases/auth.ts';
import { cacheStatusCases } from './cases/cache-status.ts';
import { codedCases } from './cases/coded.ts';
import { requestDirectiveCases } from './cases/cc-request.ts';
import { responseDirectiveCases } from './cases/cc-response.ts';
import { completingCases } from './cases/completing.ts';
import { conditionalCases } from './cases/conditional.ts';
import { dateCases } from './cases/dates.ts';
import { fieldCases } from './cases/fields.ts';
import { freshnessCases } from './cases/freshness.ts';
import { groupCases } from './cases/groups.ts';
import { interimCases } from './cases/interim.ts';
import { invalidationCases } from './cases/invalidation.ts';
import { messageCases } from './cases/messages.ts';
import { partialCases } from './cases/partial.ts';
import { postCases } from './cases/post.ts';
import { rangeCases } from './cases/ranges.ts';
import { staleCases } from './cases/stale.ts';
import { statusCases } from './cases/status.ts';
import { targetedCases } from './cases/targeted.ts';
import { update304Cases } from './cases/update-304.ts';
import { updateHeadCases } from './cases/update-head.ts';
import { validationCases } from './cases/validation.ts';
import { varyCases } from './cases/vary.ts';
import { openBench, runCase } from './run.ts';

const cases: readonly Case[] = [
  ...credentialCases,
  ...cacheStatusCases,
  ...codedCases,
  ...requestDirectiveCases,
  ...responseDirectiveCases,
  ...completingCases,
  ...conditionalCases,
  ...dateCases,
  ...fieldCases,
  ...freshnessCases,
  ...groupCases,
  ...interimCases,
  ...invalidationCases,
  ...messageCases,
  ...partialCases,
  ...postCases,
  ...rangeCases,
  ...staleCases,
  ...statusCases,
  ...targetedCases,
  ...update304Cases,
  ...updateHeadCases,
  ...validationCases,
  ...varyCases,
];

const bench = await openBench();
t.teardown(() => bench.close());

t.test('every case has an id of its own', async (t) => {
  const ids = cases.map(({ id }) => id);
  t.same(
    ids.filter((id, at) => ids.indexOf(id) !== at),
    [],
  );
});

for (const one of cases) {
  t.test(`${one.section}: ${one.title} [${one.id}]`, async (t) => {
    t.same(await runCase(bench, one), []);
  });
}
