/** proxy/compressor.ts: everybody gets an answer, and what waits is bounded. */
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { Compressor } from '../../src/proxy/compressor.ts';
import { entryBut } from '../store/entry.ts';

const mib = 1024 * 1024;

t.test('text gets smaller, and is the same; what gets no smaller stays as it is', async (t) => {
  const compressor = new Compressor();
  const body = Buffer.alloc(mib, 'the same again ');
  const smaller = await compressor.compress(entryBut({ body }));
  t.equal(smaller?.coding, 'gzip');
  t.ok((smaller?.body.length ?? mib) < mib / 10);
  t.ok(gunzipSync(smaller?.body ?? Buffer.alloc(0)).equals(body));
  t.equal(await compressor.compress(entryBut({ body: Buffer.from('x') })), undefined);
});

t.test('of more than there is room for the rest stays as it is, and nobody waits for ever', async (t) => {
  const compressor = new Compressor();
  const body = Buffer.alloc(mib, 'the same again ');
  const all = await Promise.all(Array.from({ length: 40 }, () => compressor.compress(entryBut({ body }))));
  const done = all.filter((entry) => entry !== undefined).length;
  t.ok(done >= 8 && done <= 12, `${done} of 40`);
  t.not(await compressor.compress(entryBut({ body })), undefined, 'there is room again');
});

t.test('one that is larger than all the room has its turn when nobody waits', async (t) => {
  const compressor = new Compressor();
  const body = Buffer.alloc(20 * mib, 'the same again ');
  t.not(await compressor.compress(entryBut({ body })), undefined);
});
