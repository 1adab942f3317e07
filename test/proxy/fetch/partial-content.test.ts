/** RFC 9111 §3.3, §3.4: parts are kept under a strong validator, and joined only under the same one. */
import t from 'tap';
import { combinedValue } from '../../../src/http/fields.ts';
import { assemble, askForRest, isRestOf, missingOf } from '../../../src/proxy/fetch/partial-content.ts';
import { entryBut } from '../../store/entry.ts';
import { headBut } from './terms-but.ts';

const text = '0123456789';
const partBut = (first: number, last: number, tag = '"1"', complete = 10) =>
  entryBut({
    fields: ['ETag', tag, 'X-Of', 'first'],
    body: Buffer.from(text.slice(first, last + 1)),
    part: { first, last, complete },
  });
const headOf = (range: string, tag = '"1"', status = 206) =>
  headBut(['ETag', tag, 'Content-Range', `bytes ${range}`, 'X-Of', 'second'], { status });

t.test('a part that lacks one range is completed by asking for it', async (t) => {
  for (const [entry, missing] of [
    [partBut(0, 4), { first: 5, last: 9 }],
    [partBut(5, 9), { first: 0, last: 4 }],
    [partBut(3, 4), undefined],
    [entryBut(), undefined],
    [{ ...partBut(0, 4), fields: [] }, undefined],
  ] as const) {
    t.strictSame(missingOf(entry), missing);
    const fields = askForRest(entry);
    const range = missing && `bytes=${missing.first}-${missing.last}`;
    t.equal(fields && combinedValue(fields, 'range'), range);
    t.equal(fields && combinedValue(fields, 'if-range'), range && '"1"');
  }
});

t.test('only exactly the rest of the same representation is the rest', async (t) => {
  for (const [head, is] of [
    [headOf('5-9/10'), true],
    [headOf('5-8/10'), false],
    [headOf('5-9/11'), false],
    [headOf('5-9/*'), false],
    [headOf('5-9/10', '"2"'), false],
    [headOf('5-9/10', '"1"', 200), false],
  ] as const) {
    t.equal(isRestOf(partBut(0, 4), head), is, `${head.status} ${head.fields.join(' ')}`);
  }
  t.equal(isRestOf(partBut(0, 4, 'W/"1"'), headOf('5-9/10', 'W/"1"')), false, 'a weak tag');
});

t.test('what touches is joined under the same strong validator', async (t) => {
  const plan = { selectingFields: () => [] };
  for (const [stored, range, tag, joined] of [
    [undefined, '5-9/10', '"1"', '56789'],
    [partBut(0, 4), '5-9/10', '"1"', text],
    [partBut(0, 6), '4-9/10', '"1"', text],
    [partBut(7, 9), '5-6/10', '"1"', '56789'],
    [partBut(0, 3), '5-9/10', '"1"', '56789'],
    [partBut(0, 4), '5-9/10', '"2"', '56789'],
    [partBut(0, 4, 'W/"1"'), '5-9/10', 'W/"1"', '56789'],
    [partBut(0, 4, '"1"', 11), '5-9/10', '"1"', '56789'],
  ] as const) {
    const [from = 0, to = 0] = range.split(/\D/).map(Number);
    const body = Buffer.from(text.slice(from, to + 1));
    const made = assemble({ head: headOf(range, tag), body }, plan, stored === undefined ? [] : [stored]);
    const name = `${stored?.body.toString() ?? 'nothing'} and ${range} ${tag}`;
    t.equal(made?.body.toString(), joined, name);
    t.equal(made?.part === undefined, joined === text, name);
    t.match(made?.head, { status: 200 });
    t.equal(combinedValue(made?.head.fields ?? [], 'content-range'), undefined);
    t.equal(combinedValue(made?.head.fields ?? [], 'x-of'), 'second', 'the newer fields');
  }
});

t.test('a body that is not what Content-Range says is nothing', async (t) => {
  const plan = { selectingFields: () => [] };
  t.equal(assemble({ head: headOf('5-9/10'), body: Buffer.from('5678') }, plan, []), undefined);
  t.equal(assemble({ head: headOf('5-9/*'), body: Buffer.from('56789') }, plan, []), undefined);
});
