/** Answers that do not end, or are slow: no request waits for another's, and no fetch goes on without a client. */

import { once } from 'node:events';
import { get, type IncomingMessage, type ServerResponse } from 'node:http';
import t, { type Test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { type Site, startSite } from '../helpers/scripted-site.ts';
import { TestClock } from '../helpers/test-clock.ts';
import { TestTimers } from '../refresh/test-timers.ts';

const rules = `
upstream_connections: 0
ttl: { jitter: 0 }
content_types:
  page: { ttl: 60s, scope: public }
  mine: { ttl: 60s, scope: user }
  tagged: { ttl: 60s, scope: public, etag: true }
  checked: { ttl: 60s, scope: public, unless: { body_contains: error } }
routes:
  - { match: GET /public/*, type: page }
  - { match: GET /user/*, type: mine }
  - { match: GET /etag/*, type: tagged }
  - { match: GET /checked/*, type: checked }
unmatched: standard
`.replace('upstream_connections: 0\n', '');

type Stage = { readonly site: Site; readonly timers: TestTimers; readonly answers: ServerResponse[] };

/** A site whose origin answers with a head, and then as the test says. */
async function start(t: Test, fields: Record<string, string>): Promise<Stage> {
  const timers = new TestTimers(new TestClock());
  const answers: ServerResponse[] = [];
  const site = await startSite(rules, {
    later: timers.later,
    answer: (_request, response) => {
      response.writeHead(200, { 'Cache-Control': 'max-age=60', ...fields });
      response.write('one ');
      answers.push(response);
    },
  });
  t.teardown(async () => {
    for (const answer of answers) answer.destroy();
    await site.close();
  });
  return { site, timers, answers };
}

type Client = {
  readonly status: number;
  readonly text: () => string;
  readonly leave: () => void;
  readonly end: Promise<unknown>;
  readonly message: IncomingMessage;
};

/** Asks, and resolves when the head is here. */
async function ask(site: Site, path: string, headers: Record<string, string> = {}): Promise<Client> {
  const sent = get(site.url + path, { headers, agent: false });
  sent.on('error', () => undefined);
  const [message] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  message.on('data', (chunk: Buffer) => (text += chunk.toString())).on('error', () => undefined);
  const end = new Promise((resolve) => message.once('close', resolve));
  return { status: message.statusCode ?? 0, text: () => text, leave: () => sent.destroy(), end, message };
}

const waitersOf = (site: Site): number =>
  [...site.proxy.services.flights.all()].reduce((sum, { waiters }) => sum + waiters, 0);

const types = [
  'text/event-stream',
  'Multipart/X-Mixed-Replace; boundary=x',
  'application/x-ndjson',
  'application/stream+json',
];

t.test('a stream type reaches every client at once, each with a separate exchange', async (t) => {
  for (const type of types) {
    const { site, answers } = await start(t, { 'Content-Type': type });
    for (const path of ['/public/1', '/user/1', '/etag/1', '/standard']) {
      const [first, second] = await Promise.all([
        ask(site, path),
        ask(site, path, { 'If-None-Match': '"x"' }),
      ]);
      await eventually(
        `${type} ${path}: both have the first piece`,
        () => first.text() + second.text() === 'one one ',
      );
      const third = await ask(site, path, { Range: 'bytes=0-1' });
      await eventually('and a third', () => third.text() === 'one ');
      for (const client of [first, second, third]) client.leave();
      await eventually('each ends at the origin with its client', () =>
        answers.every(({ destroyed }) => destroyed),
      );
      answers.length = 0;
    }
    t.equal(site.proxy.services.store.size().entries, 0);
    t.ok(site.outcomes.every(({ notStored }) => notStored === 'stream' || notStored === undefined));
  }
});

for (const path of ['/public/1', '/user/1', '/etag/1', '/standard']) {
  t.test(`${path}: requests that wait for an endless body get it as it arrives`, async (t) => {
    const { site, timers, answers } = await start(t, { 'Content-Type': 'text/plain' });
    const first = ask(site, path);
    await eventually('the origin has answered', () => answers.length === 1);
    const others = [ask(site, path), ask(site, path)];
    await eventually('two wait', () => waitersOf(site) === 2);
    await timers.advance(1.01, 0.5);
    const followers = await Promise.all(others);
    for (const { text } of followers) await eventually('it has what is there', () => text() === 'one ');
    answers[0]?.write('two ');
    for (const { text } of followers) await eventually('and what comes', () => text() === 'one two ');
    await timers.advance(4.01, 0.5);
    const all = [await first, ...followers];
    for (const { text } of all) await eventually('also the one that was held', () => text() === 'one two ');
    t.equal(site.seen.length, 1);
    // The pause is too long: it is given up for the store, and goes on for those who read it.
    await timers.advance(5.01, 0.5);
    answers[0]?.write('three');
    for (const { text } of all) await eventually('it goes on', () => text() === 'one two three');
    const other = ask(site, path);
    await eventually('who comes now has an exchange of its own', () => answers.length === 2);
    await timers.advance(5.01, 0.5);
    (await other).leave();
    all[0]?.leave();
    answers[0]?.write(' four');
    for (const { text } of all.slice(1))
      await eventually('one that leaves stops no other', () => text() === 'one two three four');
    answers[0]?.end();
    await Promise.all(all.map(({ end }) => end));
    t.ok(all.slice(1).every(({ message }) => message.complete));
    t.equal(site.proxy.services.store.size().entries, 0);
    await eventually('the reason is told', () =>
      site.outcomes.some(({ notStored }) => notStored === 'slow-body'),
    );
  });
}

t.test('a slow download is shared as it arrives, and stored', async (t) => {
  const { site, timers, answers } = await start(t, { 'Content-Length': '8' });
  const clients = [ask(site, '/public/1'), ask(site, '/public/1'), ask(site, '/public/1')];
  await eventually('two wait', () => waitersOf(site) === 2 && answers.length === 1);
  await timers.advance(1.01, 0.5);
  const all = await Promise.all(clients);
  for (const { text } of all) await eventually('all have the part', () => text() === 'one ');
  const late = await ask(site, '/public/1');
  await eventually('a latecomer too', () => late.text() === 'one ');
  answers[0]?.end('two!');
  for (const { text, end, message } of [...all, late]) {
    await end;
    t.equal(text(), 'one two!');
    t.ok(message.complete);
  }
  t.equal(site.seen.length, 1);
  const hit = await ask(site, '/public/1');
  await hit.end;
  t.match(hit.message.headers['cache-status'], /hit/);
});

t.test('a truncated body is truncated for all who share it', async (t) => {
  const { site, timers, answers } = await start(t, { 'Content-Length': '8' });
  const clients = [ask(site, '/public/1'), ask(site, '/public/1')];
  await eventually('one waits', () => waitersOf(site) === 1 && answers.length === 1);
  await timers.advance(1.01, 0.5);
  const all = await Promise.all(clients);
  for (const { text } of all) await eventually('all have the part', () => text() === 'one ');
  answers[0]?.destroy();
  for (const { end, message } of all) {
    await end;
    t.notOk(message.complete);
  }
  t.equal(site.proxy.services.store.size().entries, 0);
});

t.test('if only the whole body decides, waiting requests fetch by themselves', async (t) => {
  const { site, timers, answers } = await start(t, {});
  const clients = [ask(site, '/checked/1'), ask(site, '/checked/1')];
  await eventually('one waits', () => waitersOf(site) === 1 && answers.length === 1);
  await timers.advance(1.01, 0.5);
  await eventually('it asks the origin', () => answers.length === 2);
  for (const { text } of await Promise.all(clients))
    await eventually('both have it', () => text() === 'one ');
});

t.test('a purged body is no longer shared', async (t) => {
  const { site, timers, answers } = await start(t, {});
  const first = await ask(site, '/public/1');
  await timers.advance(1.01, 0.5);
  const write = await fetch(`${site.url}/public/1`, { method: 'POST' }).then((response) =>
    response.body?.cancel(),
  );
  t.equal(write, undefined);
  const second = await ask(site, '/public/1');
  await eventually('it has one of its own', () => second.text() === 'one ');
  t.equal(answers.length, 3);
  first.leave();
});

t.test('an abandoned fetch ends after a while, and at once if there are too many', async (t) => {
  const { site, timers, answers } = await start(t, {});
  const tabs = await Promise.all(Array.from({ length: 40 }, (_, tab) => ask(site, `/public/${tab}`)));
  for (const tab of tabs) tab.leave();
  const open = (): number => answers.filter(({ destroyed }) => !destroyed).length;
  await eventually('an eighth of 128 connections', () => open() === 16);
  t.equal(site.proxy.services.abandoned.count, 16);
  for (const answer of answers) if (!answer.destroyed) answer.write('more');
  await timers.advance(4, 0.5);
  for (const answer of answers) if (!answer.destroyed) answer.write('more');
  await timers.advance(7, 0.5);
  await eventually('none goes on', () => open() === 0);
  t.equal(site.proxy.services.abandoned.count, 0);
});

t.test('an abandoned fetch that ends in time is stored', async (t) => {
  const { site, answers } = await start(t, {});
  (await ask(site, '/public/1')).leave();
  await eventually('it is abandoned', () => site.proxy.services.abandoned.count === 1);
  answers[0]?.end('two');
  await eventually('it is stored', () => site.proxy.services.store.size().entries === 1);
  t.equal(site.proxy.services.abandoned.count, 0);
});

t.test('when all waiting clients have left, the fetch ends', async (t) => {
  const { site, answers } = await start(t, {});
  site.answerWith((_request, response) => void answers.push(response));
  site.proxy.services.abandoned.count = 1000;
  const sent = ['/public/1', '/public/1'].map((path) =>
    get(site.url + path, { agent: false }).on('error', () => undefined),
  );
  await eventually('one waits', () => waitersOf(site) === 1 && answers.length === 1);
  sent[0]?.destroy();
  await eventually('its outcome is told', () => !(answers[0]?.destroyed ?? true));
  sent[1]?.destroy();
  await eventually('the origin is let go', () => answers.every(({ destroyed }) => destroyed));
});

t.test('a slow reader does not delay the others', async (t) => {
  const { site, timers, answers } = await start(t, {});
  const slow = get(`${site.url}/public/1`, { agent: false }).on('error', () => undefined);
  const [held] = (await once(slow, 'response')) as [IncomingMessage];
  held.pause();
  const fast = ask(site, '/public/1');
  await eventually('one waits', () => waitersOf(site) === 1);
  await timers.advance(1.01, 0.5);
  const { text } = await fast;
  const piece = 'x'.repeat(256 * 1024);
  for (let sent = 1; sent <= 64; sent += 1) {
    answers[0]?.write(piece);
    await eventually('the fast one has it', () => text().length === 4 + sent * piece.length);
  }
  held.on('error', () => undefined).resume();
  await new Promise((resolve) => held.once('close', resolve));
  t.notOk(held.complete, 'the slow one is cut off');
  t.equal(site.seen.length, 1);
});

t.test('a client that asks for a range, or with a condition, waits no longer than the others', async (t) => {
  const { site, timers, answers } = await start(t, { ETag: '"1"' });
  const ranged = ask(site, '/public/1', { Range: 'bytes=0-1' });
  await eventually('the origin has answered', () => answers.length === 1);
  const known = ask(site, '/public/1', { 'If-None-Match': '"1"' });
  const head = new Promise((resolve) =>
    get(`${site.url}/public/1`, { method: 'HEAD', agent: false }, resolve).end(),
  );
  await eventually('two wait', () => waitersOf(site) === 2);
  await timers.advance(1.01, 0.5);
  t.equal((await known).status, 304);
  t.match(await head, { statusCode: 200 });
  await timers.advance(4.01, 0.5);
  const { status, text } = await ranged;
  await eventually('the first gets it as it comes', () => text() === 'one ');
  t.equal(status, 200);
});

t.test('a warm-up stops reading a body that does not end', async (t) => {
  const { site, timers, answers } = await start(t, {});
  const done = site.proxy.refresh.warm({ urls: ['/public/1'], popular: 0 });
  await eventually('the origin has answered', () => answers.length === 1);
  await timers.advance(5.01, 0.5);
  await eventually('it is let go', () => answers[0]?.destroyed === true);
  t.match(await done, { warmed: 0 });
});
