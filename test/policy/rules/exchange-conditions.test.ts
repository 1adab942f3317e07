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
const sends = (body: string, type = 'application/json', query?: string): Facts => ({
  request: { fields: ['Content-Type', type], body: Buffer.from(body), query },
});
const answers = (body: string): Facts => ({
  response: { status: 200, fields: json, body: Buffer.from(body) },
});
const form = 'application/x-www-form-urlencoded';
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
  // Written otherwise, it may be the same to the app.
  ['{ json: { /work_state/y: "1" } }', 'unknown'],
  ['{ json: { /work_state/y: "2" } }', 'fails'],
  ['{ json: { /a: true } }', 'unknown', sends('{"a":"true"}')],
  ['{ json: { /a: true } }', 'unknown', sends('{"a":1}')],
  ['{ json: { /a: false } }', 'unknown', sends('{"a":""}')],
  ['{ json: { /a: false } }', 'unknown', sends('{"a":null}')],
  ['{ json: { /a: true } }', 'fails', sends('{"a":"false"}')],
  ['{ json: { /a: 10 } }', 'unknown', sends('{"a":"1e1"}')],
  ['{ json: { /a: draft } }', 'unknown', sends('{"a":" Draft"}')],
  ['{ json: { /a: draft } }', 'unknown', sends('{"a":["draft"]}')],
  ['{ json: { /a: draft } }', 'fails', sends('{"a":{"draft":1}}')],
  ['{ json: { /a: draft } }', 'fails', sends('{"a":"drafts"}')],
  ['{ response: { json: { /ok: false } } }', 'unknown', answers('{"ok":"False"}')],
  // Some apps read a name from the query or the body, and from both for all there is.
  ['{ form: { mode: absent } }', 'unknown', sends('a=1', form, 'mode=draft')],
  ['{ form: { mode: draft } }', 'unknown', sends('mode=draft', form, 'MODE=x')],
  ['{ form: { mode: draft } }', 'unknown', sends('mode=draft', form, 'a=1&mo%64e[]=x')],
  ['{ form: { mode: draft } }', 'holds', sends('mode=draft', form, 'a=1')],
  ['{ form: { mode: only } }', 'unknown', sends('mode=draft', form, 'a=1')],
  ['{ form: { mode: only } }', 'fails', sends('mode=draft&b=1', form, 'a=1')],
  ['{ form: [mode] }', 'unknown', sends('a=1', form, 'mode=draft')],
  ['{ json: { /work_state: only } }', 'unknown', sends('{"work_state":1}', 'application/json', 'theme=x')],
  ['{ json: { /work_state: only } }', 'holds', sends('{"work_state":1}', 'application/json', '&')],
  ['{ json: { /theme: absent } }', 'unknown', sends('{"work_state":1}', 'application/json', 'theme=x')],
  ['{ json: { /theme: absent } }', 'holds', sends('{"work_state":1}', 'application/json', '_=1')],
  ['{ response: { json: { /ok: true } } }', 'holds', sends('', form, 'ok=1')],
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
