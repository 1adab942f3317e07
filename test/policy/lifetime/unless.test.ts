import t from 'tap';
import type { Unless } from '../../../src/config/schema/condition.ts';
import { unlessHolds } from '../../../src/policy/lifetime/unless.ts';

const failed: Unless = { kind: 'json', pointer: ['ok'], value: false };
const apology: Unless = { kind: 'body_contains', text: 'שגיאה' };
const short: Unless = { kind: 'smaller_than', bytes: 10 };
const degraded: Unless = { kind: 'response_header', name: 'x-degraded', value: '1' };

const base = { status: 200, fields: [] as readonly string[], body: Buffer.from('{"ok":true, "more":1}') };

t.test('a 200 that is really a failure is recognised by its body or its fields', (t) => {
  for (const [unless, change, holds] of [
    [failed, {}, false],
    [failed, { body: Buffer.from('{"ok":false}') }, true],
    [failed, { body: Buffer.from('{"ok":"false"}') }, false],
    [failed, { body: Buffer.from('<p>not JSON</p>') }, false],
    [failed, { status: 404, body: Buffer.from('{"ok":false}') }, false],
    [failed, { body: undefined }, false],
    [apology, { body: Buffer.from('<h1>אירעה שגיאה</h1>') }, true],
    [apology, {}, false],
    [apology, { body: undefined }, false],
    [short, {}, false],
    [short, { body: Buffer.from('oh no') }, true],
    [short, { body: Buffer.alloc(10) }, false],
    [short, { body: Buffer.alloc(0) }, true],
    [short, { body: undefined }, false],
    [degraded, { fields: ['X-Degraded', '1'] }, true],
    [degraded, { fields: ['X-Degraded', '0'] }, false],
    [degraded, { status: 203, fields: ['X-Degraded', '1'] }, false],
  ] as const) {
    const found = unlessHolds([unless], { ...base, ...change });
    t.equal(found, holds ? unless : undefined, `${unless.kind} ${JSON.stringify(change)}`);
  }
  t.end();
});

t.test('the first condition that holds is named, or none', (t) => {
  const body = Buffer.from('{}');
  t.equal(unlessHolds([failed, short, degraded], { ...base, body, fields: ['x-degraded', '1'] }), short);
  t.equal(unlessHolds([], base), undefined);
  t.end();
});
