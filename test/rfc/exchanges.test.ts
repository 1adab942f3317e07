import t, { type Test } from 'tap';
import { combinedValue, hasField } from '../../src/http/fields.ts';
import type { Fields } from '../../src/http/message.ts';
import type { ExchangeCase, FieldLine, Step } from './case.ts';
import { conditionalCases } from './conditional.cases.ts';
import { freshenCases } from './freshen.cases.ts';
import { invalidationCases } from './invalidation.cases.ts';
import { lifetimeCases } from './lifetime.cases.ts';
import { rangeCases } from './range.cases.ts';
import { reuseCases } from './reuse.cases.ts';
import { flatFields, type Observed, simulate } from './simulated-cache.ts';
import { storedFieldsCases } from './stored-fields.cases.ts';
import { storingCases } from './storing.cases.ts';
import { targetedCases } from './targeted.cases.ts';
import { validationCases } from './validation.cases.ts';
import { varyCases } from './vary.cases.ts';

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

t.test('every case has an id of its own', async (t) => {
  const ids = cases.map(({ id }) => id);
  t.same(
    ids.filter((id, at) => ids.indexOf(id) !== at),
    [],
  );
});

for (const one of cases) {
  t.test(`${one.section}: ${one.title} [${one.id}]`, async (t) => {
    const observed = simulate(one);
    one.steps.forEach((step, at) => {
      const seen = observed[at];
      if (seen === undefined) throw new Error('a step was not run');
      checkStep(t, { step, seen, number: at + 1 });
    });
  });
}

function checkStep(t: Test, { step, seen, number }: { step: Step; seen: Observed; number: number }): void {
  const label = `step ${number}`;
  t.equal(seen.by, step.by, `${label}: answered by`);
  if (step.of !== undefined) t.equal(seen.of, step.of, `${label}: response of step`);
  if (step.status !== undefined) t.equal(seen.status, step.status, `${label}: status`);
  checkLines(t, { label, fields: seen.fields, has: step.has ?? [], lacks: step.lacks ?? [] });
  if (step.forwards === undefined && step.forwardsNot === undefined) return;
  const fields = seen.forwarded ?? [];
  checkLines(t, {
    label: `${label} forwarded`,
    fields,
    has: step.forwards ?? [],
    lacks: step.forwardsNot ?? [],
  });
}

function checkLines(
  t: Test,
  {
    label,
    fields,
    has,
    lacks,
  }: { label: string; fields: Fields; has: readonly FieldLine[]; lacks: readonly string[] },
): void {
  for (const line of has) {
    const [name = '', value = ''] = flatFields([line]);
    t.equal(combinedValue(fields, name.toLowerCase()), value, `${label}: ${name}`);
  }
  for (const name of lacks) t.notOk(hasField(fields, name.toLowerCase()), `${label}: no ${name}`);
}
