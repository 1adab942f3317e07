import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import { longestReadBytes } from '../../../src/policy/rules/body-values.ts';
import { runAfter } from '../../../src/kit/time.ts';
import { AwaitedBody, mayAwaitBody, overhear, ReadBody } from '../../../src/proxy/pass/write-bodies.ts';

t.test('a body is read to its end, or not at all', async (t) => {
  const read = new ReadBody();
  t.ok(read.add(Buffer.from('a')));
  t.equal(read.whole(), undefined, 'it has not ended');
  read.add(Buffer.from('b'));
  read.end();
  t.equal(String(read.whole()), 'ab');
  const long = new ReadBody();
  t.ok(long.add(Buffer.alloc(longestReadBytes)));
  t.notOk(long.add(Buffer.alloc(1)));
  long.end();
  t.equal(long.whole(), undefined, 'too long');
});

t.test('a body that another reads is overheard; one that breaks off is not whole', async (t) => {
  const body = new Readable({ read: () => undefined });
  const heard = overhear(body);
  body.emit('progress', Buffer.from('ab'));
  body.push('ab');
  body.push(null);
  t.equal(heard.whole(), undefined);
  t.equal(String(await body.toArray()), 'ab');
  t.equal(String(heard.whole()), 'ab');
  const broken = new Readable({ read: () => undefined }).on('error', () => undefined);
  const cut = overhear(broken);
  broken.emit('progress', Buffer.from('ab'));
  broken.destroy(new Error('gone'));
  await setImmediate();
  t.equal(cut.whole(), undefined);
});

t.test('an answer is waited for to its end, its bound, its failure, or for a second', async (t) => {
  const whole = new AwaitedBody(runAfter);
  t.ok(whole.add(Buffer.from('a')));
  whole.end(true);
  t.equal(String(await whole.done), 'a');
  const long = new AwaitedBody(runAfter);
  t.notOk(long.add(Buffer.alloc(longestReadBytes + 1)));
  t.equal(await long.done, undefined);
  const broken = new AwaitedBody(runAfter);
  broken.add(Buffer.from('a'));
  broken.end(false);
  t.equal(await broken.done, undefined);
  const slow = new AwaitedBody(runAfter);
  slow.add(Buffer.from('a'));
  t.equal(await slow.done, undefined);
});

t.test('an answer that will not end soon is not waited for', async (t) => {
  for (const [status, fields, may] of [
    [200, [], true],
    [302, ['Content-Length', '9'], true],
    [404, [], false],
    [500, [], false],
    [200, ['Content-Type', 'text/event-stream'], false],
    [200, ['Content-Length', String(longestReadBytes + 1)], false],
  ] as const)
    t.equal(mayAwaitBody({ status, fields }), may, `${status} ${fields.join(' ')}`);
});
