import t from 'tap';
import { after, seconds } from '../../../src/kit/time.ts';
import {
  conditionOf,
  finishedEntry,
  mayAnswerCondition,
  mustHold,
  planFill,
} from '../../../src/proxy/fetch/fill-decisions.ts';
import { entryBut, storedAt } from '../../store/entry.ts';
import { headBut, termsBut } from './terms-but.ts';

const standard = 'unmatched: standard\nstore: { max_object: 1KiB }';
const fresh = ['Cache-Control', 'max-age=60'];

const plain = { known: {}, condition: undefined };

t.test('a body is kept when it fits and its end can be told from a cut', (t) => {
  for (const [fields, framing, reason] of [
    [[...fresh, 'Content-Length', '1024'], 'length', undefined],
    [[...fresh, 'Content-Length', '1025'], 'length', 'too-large'],
    [fresh, 'chunked', undefined],
    [fresh, 'close', 'unverified-length'],
    [['Cache-Control', 'no-store'], 'chunked', 'no-store'],
  ] as const) {
    const plan = planFill(termsBut(standard), headBut(fields), { framing, ...plain });
    t.equal(plan.kind === 'no' ? plan.reason : undefined, reason, `${framing} ${fields.join(' ')}`);
  }
  t.end();
});

t.test('a stored entry is validated by its validators, and a part is completed by range', (t) => {
  const stored = entryBut({ fields: ['ETag', '"1"'] });
  t.strictSame(conditionOf({ stored, completes: undefined, isBackground: false }), ['If-None-Match', '"1"']);
  const nothing = { stored: undefined, completes: undefined };
  t.equal(conditionOf({ ...nothing, isBackground: false }), undefined);
  t.strictSame(conditionOf({ ...nothing, isBackground: true }), []);
  const part = entryBut({ fields: ['ETag', '"1"'], part: { first: 0, last: 4, complete: 10 } });
  t.match(conditionOf({ stored: undefined, completes: part, isBackground: false }), [
    'Range',
    'bytes=5-9',
    'If-Range',
    '"1"',
  ]);
  t.end();
});

t.test("an answer to a client's own condition is not stored, except a part", (t) => {
  const framing = 'length';
  const partial = headBut(['Content-Range', 'bytes 0-1/9', 'ETag', '"1"', 'Cache-Control', 'max-age=60'], {
    status: 206,
  });
  const full = headBut(['Cache-Control', 'max-age=60']);
  const byRule = 'content_types: { p: { ttl: 60s, scope: public } }\nroutes: [{ match: GET /a/*, type: p }]';
  for (const [rules, head, known, condition, kind] of [
    [standard, full, {}, undefined, 'yes'],
    [standard, full, { 'if-none-match': '"1"' }, undefined, 'no'],
    [standard, full, { 'if-modified-since': 'x' }, undefined, 'no'],
    [standard, full, { range: 'bytes=0-1' }, undefined, 'no'],
    [standard, full, { range: 'bytes=0-1' }, [], 'yes'],
    [standard, partial, { range: 'bytes=0-1' }, undefined, 'yes'],
    [byRule, full, { range: 'bytes=0-1' }, undefined, 'yes'],
  ] as const) {
    const plan = planFill(termsBut(rules), head, { framing, known, condition });
    t.equal(plan.kind, kind, Object.keys(known).join());
  }
  t.end();
});

t.test('a client’s precondition is evaluated here only if the origin did not get it', (t) => {
  const asking = { method: 'GET', known: { 'if-none-match': '"1"' }, fields: ['If-None-Match', '"1"'] };
  const unasking = { method: 'GET', known: {}, fields: [] };
  for (const [request, head, wasAsked, may] of [
    [asking, headBut(['ETag', '"1"']), false, true],
    [asking, headBut(['ETag', '"1"']), true, false],
    [asking, headBut(['ETag', '"2"']), false, false],
    [asking, headBut(['ETag', '"1"'], { status: 404 }), false, false],
    [unasking, headBut(['ETag', '"1"']), false, false],
  ] as const) {
    t.equal(mayAnswerCondition(request, head, wasAsked), may);
  }
  t.end();
});

t.test('a client waits for the whole body to get a part of it, or an ETag made from it', (t) => {
  const range = { range: 'bytes=0-1' };
  for (const [known, makesEtag, head, wasAsked, holds] of [
    [{}, false, headBut(), false, false],
    [range, false, headBut(), false, true],
    [range, false, headBut(), true, false],
    [range, false, headBut([], { status: 404 }), false, false],
    [{}, true, headBut(), false, true],
    [{}, true, headBut(['ETag', '"1"']), false, false],
    [{}, true, headBut(['Last-Modified', 'Tue, 01 Jan 2019 00:00:00 GMT']), false, false],
  ] as const) {
    t.equal(mustHold({ known, makesEtag }, head, wasAsked), holds);
  }
  t.end();
});

t.test('a 206 becomes a part, or the whole when joined with the stored part', (t) => {
  const terms = termsBut('unmatched: standard');
  const tag = [...fresh, 'ETag', '"1"'];
  const head = headBut([...tag, 'Content-Range', 'bytes 5-9/10'], { status: 206 });
  const plan = planFill(terms, head, { framing: 'length', ...plain });
  if (plan.kind === 'no') throw new Error(plan.reason);
  const input = { head, plan, body: Buffer.from('56789'), asOf: { log: 'log', seq: 0 } };
  const now = after(storedAt, seconds(3));
  const first = entryBut({
    fields: tag,
    body: Buffer.from('01234'),
    part: { first: 0, last: 4, complete: 10 },
  });
  t.match(finishedEntry(terms, { ...input, now, variants: [] }), {
    entry: { part: { first: 5, last: 9, complete: 10 }, originSeconds: 3 },
  });
  const whole = finishedEntry(terms, { ...input, now, variants: [first] });
  t.match(whole, { entry: { part: undefined, status: 200 } });
  t.equal(whole.kind === 'entry' ? whole.entry.body.toString() : '', '0123456789');
  const short = finishedEntry(terms, { ...input, body: Buffer.from('5'), now, variants: [first] });
  t.strictSame(short, { kind: 'no', reason: 'partial-content' });
  t.end();
});
