import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { combinedValue } from '../../../src/http/fields.ts';
import {
  compressed,
  formFor,
  formToDecode,
  isWorthCompressing,
  plainForm,
} from '../../../src/proxy/hit/stored-form.ts';
import { entryBut } from '../../store/entry.ts';
import { exchangeBut } from '../exchange-but.ts';

const text = 'some text. '.repeat(200);
const plain = entryBut({ fields: ['Content-Type', 'text/html'], body: Buffer.from(text) });

t.test('a compressed entry is sent as it is to clients that take it, else plain', async (t) => {
  const stored = await compressed(plain);
  if (stored === undefined) throw new Error('it got no smaller');
  t.ok(stored.body.length < plain.body.length);
  t.equal(stored.body.buffer.byteLength, stored.body.length, 'nothing beside it is kept alive');
  const gzip = ['Accept-Encoding', 'gzip'];
  const range = ['Range', 'bytes=0-1'];
  for (const [method, fields, isCoded] of [
    ['GET', gzip, true],
    ['GET', [], false],
    ['GET', ['Accept-Encoding', 'gzip;q=0'], false],
    ['GET', [...gzip, ...range], false],
    ['HEAD', [...gzip, ...range], true],
  ] as const) {
    const form = formFor(stored, exchangeBut('unmatched: standard', { method, fields }).exchange);
    t.equal(combinedValue(form.fields, 'content-encoding'), isCoded ? 'gzip' : undefined, fields.join());
    t.equal(form.body.equals(isCoded ? stored.body : plain.body), true);
  }
  t.equal(plainForm(stored).coding, undefined);
  t.equal(plainForm(plain), plain);
});

t.test('what would get no smaller stays as it is', async (t) => {
  t.equal(await compressed(entryBut({ body: Buffer.from('short') })), undefined);
  t.equal(isWorthCompressing(plain), true);
  for (const change of [
    { body: Buffer.from('short') },
    { coding: 'gzip' },
    { part: { first: 0, last: 9, complete: 10 } },
    { fields: ['Content-Type', 'image/png'] },
    { fields: ['Content-Type', 'text/html', 'Content-Encoding', 'br'] },
  ] as const) {
    t.equal(isWorthCompressing({ ...plain, ...change }), false, Object.keys(change).join());
  }
});

t.test('a large body is decoded beside the event loop, once for all who wait', async (t) => {
  const large = entryBut({ body: Buffer.from(randomBytes(20_000).toString('hex')) });
  const ours = await compressed(large);
  if (ours === undefined) throw new Error('it got no smaller');
  const ofOrigin = entryBut({ fields: ['Content-Encoding', 'gzip'], body: gzipSync(large.body) });
  const broken = entryBut({ fields: ['Content-Encoding', 'gzip'], body: randomBytes(20_000) });
  const { exchange } = exchangeBut('unmatched: standard', { fields: ['Accept-Encoding', 'identity'] });
  for (const entry of [ours, ofOrigin]) {
    const toCome = formToDecode(entry, exchange);
    t.ok(toCome);
    t.equal(formToDecode(entry, exchange), toCome);
    const form = await toCome;
    t.equal(form?.body.equals(large.body), true);
    t.equal(combinedValue(form?.fields ?? [], 'content-encoding'), undefined);
    t.equal(formToDecode(entry, exchange), undefined, 'it is there now');
    t.equal(formFor(entry, exchange), form);
  }
  t.equal(await formToDecode(broken, exchange), broken);
  t.equal(formToDecode(large, exchange), undefined, 'nothing is coded');
  const gzip = exchangeBut('unmatched: standard', { fields: ['Accept-Encoding', 'gzip'] }).exchange;
  for (const entry of [ours, ofOrigin]) t.equal(formToDecode(entry, gzip), undefined);
});
