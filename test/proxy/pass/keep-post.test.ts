/** RFC 9110 §9.3.3: a POST's answer that is also a GET's is kept. */
import t from 'tap';
import { keeperOf } from '../../../src/proxy/pass/keep-post.ts';
import type { Asked } from '../exchange-but.ts';
import { exchangeBut } from '../exchange-but.ts';

const fields = ['Cache-Control', 'max-age=60', 'Content-Location', '/a/1', 'Content-Length', '4'];
const rules = 'unmatched: standard\nstore: { max_object: 1KiB }';

/** What a GET finds after a POST with such an answer. */
async function kept(
  answer: readonly string[],
  {
    asked = {},
    config = rules,
    body = 'body',
    isWhole = true,
    status = 200,
  }: {
    asked?: Asked;
    config?: string;
    body?: string;
    isWhole?: boolean;
    status?: number;
  } = {},
): Promise<string | undefined> {
  const { exchange } = exchangeBut(config, { method: 'POST', ...asked });
  const keeper = await keeperOf(exchange, { status, fields: answer, requestTime: exchange.now });
  keeper?.add(Buffer.from(body));
  keeper?.finish(isWhole);
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(exchange.services.bodyRoom.kept, 0, 'nothing is kept beside the store');
  const [entry, ...others] = [...exchange.services.store.entries()];
  t.equal(others.length, 0);
  return entry && `${entry.target} ${entry.body.toString()}`;
}

t.test('it is stored for GETs of the same target, whole, with explicit freshness', async (t) => {
  t.equal(await kept(fields), '/a/1 body');
  t.equal(await kept(fields, { isWhole: false }), undefined);
  t.equal(await kept(fields.slice(0, 4), { body: '-'.repeat(1025) }), undefined);
  t.equal(await kept(fields.slice(2)), undefined, 'no freshness');
  t.equal(await kept(fields.toSpliced(2, 2)), undefined, 'no Content-Location');
  t.equal(await kept(fields.with(3, '/other')), undefined, 'that of another');
  t.equal(await kept(fields.with(1, 'no-store')), undefined);
  t.equal(await kept([...fields, 'Set-Cookie', 'a=b']), undefined);
});

t.test('not for other methods, nor where the operator has rules', async (t) => {
  t.equal(await kept(fields, { asked: { method: 'PUT' } }), undefined);
  const config = 'content_types: { page: { ttl: 60s } }\nroutes: [{ match: GET /a/:id, type: page }]';
  t.equal(await kept(fields, { config }), undefined);
});
