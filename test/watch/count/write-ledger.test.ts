/** The ledger of writes: what they end in vain, by real exchanges. */

import { crc32 } from 'node:zlib';
import t from 'tap';
import { eventually } from '../../helpers/eventually.ts';
import { startProxy } from '../../control/running-proxy.ts';
import { WriteLedger } from '../../../src/watch/count/write-ledger.ts';

const rules = (name: string): string => `
content_types:
  page: { ttl: ${name === 'old' ? '60s' : '50s'}, scope: public, tags: [${name}], etag: true }
routes:
  - { match: GET /news/*, type: page, tags: [news] }
  - { match: GET /list/*, type: page, tags: [list, news] }
writes:
  - { name: beacon, match: POST /beacon, invalidate: [news] }
  - { name: edit, match: POST /edit, invalidate: [list, news] }
  - { name: move, match: POST /move, invalidate: [list] }
  - { name: standard, match: POST /plain, invalidate: [] }
`;

async function start(t: Parameters<typeof startProxy>[0]) {
  const says = { version: 1, status: 200 };
  let read = 'old';
  const proxy = await startProxy(t, {
    rules: rules('old'),
    readConfig: (textOf) => () => Promise.resolve({ kind: 'ok', config: textOf(rules(read)), warnings: [] }),
    listener: (request, response) => {
      const body = `${request.url ?? ''} ${says.version} ${'word '.repeat(800)}`;
      const etag = `"${crc32(body)}"`;
      const isPlain = request.url?.startsWith('/plain') === true;
      const isKnown = isPlain && request.headers['if-none-match'] === etag;
      response.writeHead(isKnown ? 304 : says.status, {
        'Content-Type': 'text/plain',
        ...(isPlain ? { ETag: etag, 'Cache-Control': 'max-age=60' } : {}),
      });
      response.end(isKnown ? undefined : body);
    },
  });
  const { server, control, get } = proxy;
  const send = async (path: string): Promise<void> => {
    await (await fetch(server.url + path, { method: 'POST' })).arrayBuffer();
  };
  /** Asks for all, and waits until they are stored as small as they will be. */
  const store = async (...paths: string[]): Promise<void> => {
    for (const path of paths) await get(path);
    const isPacked = (): boolean =>
      [...server.services.store.entries()].every(
        ({ coding, target }) => coding === 'gzip' || /^.plain/.test(target),
      );
    await eventually('compressed', isPacked);
  };
  const written = async (): Promise<Record<string, readonly number[]>> => {
    const { writes } = (await (await control('/api/cache/misses')).json()) as { writes: Line[] };
    return Object.fromEntries(
      writes.map(({ rule, ended, asked_again, same, changed, refilled }) => [
        rule,
        [ended, asked_again, same, changed, refilled],
      ]),
    );
  };
  const reload = async (to: string): Promise<number> => {
    read = to;
    return (await control('/reload', { method: 'POST' })).status;
  };
  return { ...proxy, says, send, store, written, reload };
}

type Line = Record<'ended' | 'asked_again' | 'same' | 'changed' | 'refilled', number> & { rule: string };

t.test('needless, needed, and not asked for again', async (t) => {
  const { get, send, store, says, written, server, control } = await start(t);
  await store('/news/a', '/news/b', '/news/c', '/list/d');
  await send('/beacon');
  t.strictSame(await written(), { beacon: [4, 0, 0, 0, 0] }, 'nobody has asked yet');
  await store('/news/a', '/news/a', '/news/b');
  await fetch(`${server.url}/news/c`, { method: 'HEAD' });
  t.strictSame(await written(), { beacon: [4, 3, 2, 0, 0] }, 'each counts once; a HEAD tells no bytes');
  await send('/edit');
  says.version = 2;
  await get('/news/a');
  t.strictSame(await written(), { beacon: [4, 3, 2, 0, 0], edit: [2, 1, 0, 1, 0] });
  const text = await (await control('/metrics')).text();
  t.match(text, /shelflife_write_ended_total\{rule="beacon"\} 4/);
  t.match(text, /shelflife_write_asked_again_total\{rule="beacon"\} 3/);
  t.match(text, /shelflife_write_needless_total\{rule="beacon"\} 2/);
  const report = (await (await control('/api/cache/report?period=day&format=json')).json()) as object;
  t.match(report, { writes: [{ name: 'beacon', ended: 4, asked_again: 3, same: 2 }, { name: 'edit' }] });
});

t.test('of two writes the first counts; a failing answer tells nothing', async (t) => {
  const { get, send, store, says, written } = await start(t);
  await store('/list/a', '/list/b');
  await send('/move');
  await send('/beacon');
  await send('/beacon');
  says.status = 500;
  await get('/list/a');
  t.strictSame(await written(), { move: [2, 1, 0, 0, 0] });
  says.status = 200;
  await get('/list/a');
  t.strictSame(await written(), { move: [2, 1, 1, 0, 0] });
  await send('/beacon');
  t.strictSame(await written(), { move: [2, 1, 1, 0, 0], beacon: [1, 0, 0, 0, 0] }, 'the new copy');
});

t.test("a client's 304 says that the bytes are the same", async (t) => {
  const { get, send, store, written } = await start(t);
  await store('/news/a', '/plain');
  const tagOf = async (path: string): Promise<string> => (await get(path)).headers.get('etag') ?? '';
  const [ruled, plain] = [await tagOf('/news/a'), await tagOf('/plain')];
  await send('/beacon');
  await send('/plain');
  t.equal((await get('/news/a', { 'if-none-match': ruled })).status, 304);
  t.equal((await get('/plain', { 'if-none-match': plain })).status, 304);
  t.strictSame(await written(), { beacon: [1, 1, 1, 0, 0], standard: [1, 1, 1, 0, 0] });
});

t.test('what is fetched ahead, and what a reload ended, was not asked for', async (t) => {
  const { get, send, store, control, written, reload } = await start(t);
  await store('/news/a', '/news/b');
  await send('/news/unknown');
  await send('/beacon');
  await control('/warm', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"urls":["/news/a"]}',
  }).then((done) => done.text());
  t.strictSame(await written(), { beacon: [2, 0, 0, 0, 1] });
  t.equal(await reload('new'), 200);
  await get('/news/a');
  await get('/news/b');
  t.strictSame(await written(), { beacon: [2, 0, 0, 0, 1] });
  await send('/beacon');
  await get('/news/a');
  t.strictSame(await written(), { beacon: [4, 1, 1, 0, 1] });
});

t.test('a line is about the last hour; memory is bounded', async (t) => {
  const ledger = new WriteLedger();
  ledger.turnTo(0);
  for (let index = 0; index < 30_000; index += 1)
    ledger.onEnded({ name: `copy ${index}`, rule: `rule ${index % 300}` });
  const all = ledger.totals();
  t.equal(all.size, 201);
  t.equal(all.get('(other)')?.ended, 10_000);
  ledger.turnTo(50 * 60_000);
  ledger.onAskedAgain({ name: 'copy 29999', rule: 'rule 299' });
  ledger.onRenewed({ name: 'copy 29999', rule: 'rule 299' }, true);
  t.match(ledger.lastHour()[0], {
    rule: '(other)',
    text: 'this write ended 10000 copies in the last hour; people asked for 1 of them again and got the same bytes',
  });
  ledger.turnTo(60 * 60_000);
  t.strictSame(ledger.lastHour(), []);
  t.equal(ledger.totals().get('(other)')?.same, 1);
});
