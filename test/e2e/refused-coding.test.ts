/** A response that the origin coded without Vary reaches a client that refuses the coding in plain form. */

import { gunzipSync, gzipSync } from 'node:zlib';
import t from 'tap';
import { ask, type RawAnswer } from '../helpers/raw-client.ts';
import { startSite } from '../helpers/scripted-site.ts';

const rules = `
ttl: { jitter: 0 }
content_types: { page: { ttl: 60s, scope: public } }
routes: [{ match: GET /p/*, type: page }]
unmatched: standard
`;
const text = 'a text of some length '.repeat(100);
const coded = gzipSync(text);

const fieldOf = ({ lines }: RawAnswer, name: string): string | undefined =>
  lines.find((line) => line.toLowerCase().startsWith(`${name}: `))?.slice(name.length + 2);

for (const path of ['/p/1', '/standard']) {
  t.test(`${path}: gzip without Vary is decoded for a client that refuses it`, async (t) => {
    const site = await startSite(rules, {
      answer: (_request, response) => {
        response.writeHead(200, { 'Cache-Control': 'max-age=60', 'Content-Encoding': 'gzip', ETag: '"1"' });
        response.end(coded);
      },
    });
    t.teardown(() => site.close());
    const get = (...lines: string[]) => ask(site.url, { target: path, lines });
    await get('Accept-Encoding: gzip');
    for (const refusal of ['identity', 'gzip;q=0', 'br', '*;q=0, identity', '']) {
      const answer = await get(`Accept-Encoding: ${refusal}`);
      t.equal(answer.body, text, refusal);
      t.equal(fieldOf(answer, 'content-encoding'), undefined);
      t.equal(fieldOf(answer, 'content-length'), String(text.length));
      t.equal(fieldOf(answer, 'etag'), 'W/"1"', 'other bytes: no strong ETag');
      t.match(fieldOf(answer, 'vary'), /Accept-Encoding/);
    }
    const taken = await get('Accept-Encoding: gzip');
    t.equal(gunzipSync(Buffer.from(taken.body, 'latin1')).toString(), text);
    t.equal(fieldOf(taken, 'etag'), '"1"');
    const part = await get('Accept-Encoding: identity', 'Range: bytes=2-5');
    t.equal(part.body, text.slice(2, 6), 'a range of what is sent');
    const other = await get('Accept-Encoding: identity', 'Range: bytes=2-5', 'If-Range: "1"');
    t.equal(other.status, 200, 'the tag of the coded bytes does not hold for these');
    t.equal((await get('Accept-Encoding: identity', 'If-None-Match: W/"1"')).status, 304);
    t.equal(site.seen.length, 1);
  });
}

t.test('a stored part of a gzip answer is not for a client that refuses gzip', async (t) => {
  const site = await startSite(rules, {
    answer: ({ headers }, response) => {
      const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
      const to = last === undefined || last === '' ? coded.length - 1 : Number(last);
      const fields = { 'Cache-Control': 'max-age=60', 'Content-Encoding': 'gzip', ETag: '"1"' };
      if (first === undefined) response.writeHead(200, fields);
      else response.writeHead(206, { ...fields, 'Content-Range': `bytes ${first}-${to}/${coded.length}` });
      response.end(coded.subarray(Number(first ?? 0), to + 1));
    },
  });
  t.teardown(() => site.close());
  const get = (...lines: string[]) => ask(site.url, { target: '/standard', lines });
  await get('Accept-Encoding: gzip', 'Range: bytes=0-9');
  const held = await get('Accept-Encoding: gzip', 'Range: bytes=2-5');
  t.match(fieldOf(held, 'cache-status'), /hit/, 'who takes gzip gets it from the part');
  const refused = await get('Accept-Encoding: identity', 'Range: bytes=2-5');
  t.match(fieldOf(refused, 'cache-status'), /fwd=/, 'who refuses it gets the word of the origin');
  const whole = await get('Accept-Encoding: identity');
  t.equal(whole.body, text, 'the rest is asked for, and the whole decoded');
  t.match(fieldOf(whole, 'cache-status'), /fwd=partial/);
  t.equal((await get('Accept-Encoding: identity', 'Range: bytes=2-5')).body, text.slice(2, 6));
  t.equal(site.seen.length, 3);
});
