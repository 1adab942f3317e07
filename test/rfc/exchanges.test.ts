import t, { type Test } from 'tap';
import { combinedValue, hasField } from '../../src/http/fields.ts';
import type { Fields } from '../../src/http/message.ts';
import type { FieldLine, Step } from './cases/form.ts';
import { fieldsOf } from './fields-of.ts';
import { ruleCases } from './rules/all.ts';
import { type Observed, scene, simulate } from './simulated-cache.ts';

t.test('every case has an id of its own', async (t) => {
  const ids = ruleCases.map(({ id }) => id);
  t.same(
    ids.filter((id, at) => ids.indexOf(id) !== at),
    [],
  );
});

for (const one of ruleCases) {
  t.test(`${one.section}: ${one.title} [${one.id}]`, async (t) => {
    const observed = simulate(one);
    one.requests.forEach((step, at) => {
      const seen = observed[at];
      if (seen === undefined) throw new Error('a step was not run');
      checkStep(t, { step, seen, number: at + 1 });
    });
  });
}

function checkStep(t: Test, { step, seen, number }: { step: Step; seen: Observed; number: number }): void {
  const label = `step ${number}`;
  const { expect } = step;
  if (expect === undefined) return;
  t.equal(seen.type, expect.type, `${label}: answered by`);
  if (expect.of !== undefined) t.equal(seen.of, expect.of, `${label}: response of step`);
  if (expect.status !== undefined) t.equal(seen.status, expect.status, `${label}: status`);
  checkLines(t, { label, fields: seen.fields, has: expect.headers ?? [], lacks: expect.missing ?? [] });
  if (expect.asked === undefined) return;
  checkLines(t, {
    label: `${label} forwarded`,
    fields: seen.forwarded ?? [],
    has: expect.asked.headers ?? [],
    lacks: expect.asked.missing ?? [],
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
    const [name = '', value = ''] = fieldsOf([line], scene);
    t.equal(combinedValue(fields, name.toLowerCase()), value, `${label}: ${name}`);
  }
  for (const name of lacks) t.notOk(hasField(fields, name.toLowerCase()), `${label}: no ${name}`);
}
