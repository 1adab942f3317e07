import t from 'tap';
import {
  applying,
  bodiesAsked,
  createDecide,
  type ExchangeFacts,
} from '../../../src/policy/rules/exchange-conditions.ts';
import { configOf } from '../config-of.ts';

const json = ['Content-Type', 'application/json'];

type Facts = { readonly [Name in keyof ExchangeFacts]?: ExchangeFacts[Name] };

const facts = (change: Facts = {}): ExchangeFacts => ({
  writer: 'known',
  request: { fields: json, body: Buffer.from('{"work_state":{"y":1}}') },
  response: { status: 200, fields: [...json, 'X-Saved', 'yes'], body: Buffer.from('{"ok":true}') },
  ...change,
});
const sends = (body: string, type = 'application/json'): Facts => ({
  request: { fields: ['Content-Type', type], body: Buffer.from(body) },
});
const unread: Facts = { request: { fields: json, body: undefined } };

const ruleOf = (when: string) => {
  const [rule] = configOf(`writes: [{ match: POST /a, when: ${when}, invalidate: [] }]`).writes;
  if (rule === undefined) throw new Error('no rule');
  return rule;
};

const cases: readonly (readonly [when: string, decision: string, change?: Facts])[] = [
  ['{ json: { /work_state: present } }', 'holds'],
  ['{ json: { /work_state: only } }', 'holds'],
  ['{ json: { /work_state: only } }', 'fails', sends('{"work_state":1,"theme":"x"}')],
  ['{ json: { /work_state: only } }', 'unknown', sends('{"Work_State":1}')],
  ['{ json: { /work_state/y: 1 } }', 'holds'],
  ['{ json: { /work_state/y: "1" } }', 'fails'],
  ['{ json: { /work_state/y: present, /theme: absent } }', 'holds'],
  ['{ json: { /theme: absent } }', 'fails', sends('{"theme":null}')],
  ['{ json: { /theme: absent } }', 'unknown', sends('{"Theme":1}')],
  ['{ json: { /theme: null } }', 'holds', sends('{"theme":null}')],
  ['{ json: [/theme, /work_state] }', 'holds'],
  ['{ json: [/theme, /font] }', 'fails'],
  ['{ json: [/theme, /font] }', 'unknown', sends('{"FONT":1}')],
  ['{ json: { /n: 1 } }', 'unknown', sends('{"n":9007199254740993}')],
  ['{ json: { /theme: absent } }', 'unknown', unread],
  ['{ json: { /theme: absent } }', 'unknown', sends('{"work_state":1}', 'application/x-www-form-urlencoded')],
  ['{ form: { mode: draft } }', 'holds', sends('mode=draft&a=1', 'application/x-www-form-urlencoded')],
  ['{ form: { mode: only } }', 'fails', sends('mode=draft&a=1', 'application/x-www-form-urlencoded')],
  ['{ form: { mode: draft } }', 'unknown', sends('mode=draft&mode=x', 'application/x-www-form-urlencoded')],
  ['{ form: [mode, kind] }', 'fails', sends('a=1', 'application/x-www-form-urlencoded')],
  ['{ form: { mode: draft } }', 'unknown'],
  ['{ response: { status: 200 } }', 'holds'],
  ['{ response: { status: [201, 204] } }', 'fails'],
  ['{ response: { json: { /ok: true } } }', 'holds'],
  ['{ response: { json: { /ok: false } } }', 'fails'],
  [
    '{ response: { json: { /ok: false } } }',
    'unknown',
    { response: { status: 200, fields: json, body: undefined } },
  ],
  ['{ response: { json: [/id] } }', 'fails'],
  ['{ response: { header: { x-saved: "yes" } } }', 'holds'],
  ['{ response: { header: [x-other] } }', 'fails'],
  ['{ response: { header: [x-saved] } }', 'holds'],
  ['{ response: { status: 200, header: [x-saved] } }', 'unknown', { response: undefined }],
  ['{ identity: known }', 'holds'],
  ['{ identity: anonymous }', 'fails'],
  ['{ identity: known }', 'unknown', { writer: 'doubt' }],
  // One that certainly fails takes the rule out, whatever else is in doubt.
  ['{ identity: known, json: { /a: 1 } }', 'fails', { writer: 'anonymous', ...unread }],
  ['{ identity: known, json: { /a: 1 } }', 'unknown', unread],
];

for (const [when, decision, change] of cases) {
  t.test(
    `${when} ${decision}${change === undefined ? '' : ` of ${JSON.stringify(change).slice(0, 90)}`}`,
    async (t) => {
      t.equal(createDecide(facts(change))(ruleOf(when)).decision, decision);
    },
  );
}

t.test('the first rule that holds is the last that counts; one in doubt counts as well', async (t) => {
  const [a, b, c] = ['{ json: { /a: 1 } }', '{ json: { /b: 1 } }', '{ identity: known }'].map((when) => ({
    rule: ruleOf(when),
  }));
  if (a === undefined || b === undefined || c === undefined) throw new Error('no rules');
  const count = (change: Facts, of = [a, b, c]) => {
    const { rules, isUnmatched } = applying(of, createDecide(facts(change)));
    return [rules.map((one) => of.indexOf(one)), isUnmatched];
  };
  t.same(count(sends('{"a":1}')), [[0], false]);
  t.same(count(sends('{"b":1}')), [[1], false]);
  t.same(count(sends('{}')), [[2], false]);
  t.same(count(unread), [[0, 1, 2], false], 'doubt ends more');
  t.same(count(unread, [a, b]), [[0, 1], true], 'and what no rule names as well');
  t.same(count(sends('{}'), [a, b]), [[], true]);
});

t.test('a body is read only where a rule asks about it', async (t) => {
  t.same(bodiesAsked([ruleOf('{ json: [/a] }')]), { request: true, answer: false });
  t.same(bodiesAsked([ruleOf('{ form: [a] }'), ruleOf('{ response: { json: [/a] } }')]), {
    request: true,
    answer: true,
  });
  t.same(bodiesAsked([ruleOf('{ identity: known, response: { status: 200, header: [a] } }')]), {
    request: false,
    answer: false,
  });
});
