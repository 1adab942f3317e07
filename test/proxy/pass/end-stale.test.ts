import t from 'tap';
import { endStale, exchangeFacts } from '../../../src/proxy/pass/end-stale.ts';
import type { WriteOutcome } from '../../../src/policy/rules/writes.ts';
import type { Purge } from '../../../src/store/purge-log.ts';
import { LocalPurgeLog } from '../../../src/store/purge-log.ts';
import { type Asked, exchangeBut } from '../exchange-but.ts';

const rules = `
unmatched: standard
writes:
  - { match: PUT /p/:id, invalidate: ["page:{id}"] }
`;
const well = { kind: 'response', status: 200, fields: [] } as const;

/** The log as it is, and what was appended to it. */
class SeenLog extends LocalPurgeLog {
  readonly seen: Purge[] = [];

  override append(purge: Purge): ReturnType<LocalPurgeLog['append']> {
    this.seen.push(purge);
    return super.append(purge);
  }
}

/** The purges of a request, as `cause tag tag`. */
async function ended(asked: Asked, outcome: WriteOutcome = well, more = ''): Promise<string[]> {
  const purgeLog = new SeenLog('log');
  const { exchange } = exchangeBut(rules + more, asked, { purgeLog });
  await endStale(exchange, outcome);
  return purgeLog.seen.map(({ cause, tags }) => [cause, ...tags].join(' '));
}

t.test('a write ends its own URL, those its answer names, and what its rule lists', async (t) => {
  const [own = ''] = await ended({ method: 'POST' });
  t.equal(own, 'unmatched-write url://example.org/a/1 user:anonymous');
  const [listed = ''] = await ended({ method: 'PUT', url: '/p/7' });
  t.match(listed, /^write page:7 .*\/p\/7/);
  const [more = ''] = await ended({ method: 'POST' }, { ...well, fields: ['Location', '/b/2'] });
  t.match(more, /\/a\/1.*\/b\/2/);
});

t.test('what may not have happened ends nothing, what is not known ends all', async (t) => {
  for (const [outcome, count] of [
    [{ kind: 'unknown' }, 1],
    [{ ...well, status: 500 }, 1],
    [{ ...well, status: 404 }, 0],
    [{ kind: 'never-sent' }, 0],
  ] as const) {
    t.equal((await ended({ method: 'PUT', url: '/p/7' }, outcome)).length, count, JSON.stringify(outcome));
  }
});

t.test('a request body in a coding decides nothing: few apps decode it', async (t) => {
  const bodyOf = (fields: readonly string[]) =>
    exchangeFacts(exchangeBut(rules, { method: 'POST', fields }).exchange, well, Buffer.from('{}')).request
      .body;
  t.equal(bodyOf(['Content-Encoding', 'gzip']), undefined);
  t.equal(bodyOf(['Content-Type', 'application/json'])?.toString(), '{}');
});

t.test('a GET ends nothing, unless it claims to be another method', async (t) => {
  t.strictSame(await ended({}), []);
  t.match(await ended({ fields: ['X-HTTP-Method-Override', 'DELETE'] }), [/^unmatched-write .*\/a\/1/]);
});

t.test('RFC 9875: the groups an answer names are ended by a purge of their own', async (t) => {
  const fields = ['Cache-Group-Invalidation', '"a"'];
  const purges = await ended({ method: 'POST' }, { ...well, fields });
  t.match(purges, [/^unmatched-write /, /^group group:\/\/example.org a$/]);
  t.equal((await ended({ method: 'POST' }, { ...well, status: 404, fields })).length, 0);
});

t.test('17.6: an answer that names more groups than are looked at ends all of its host', async (t) => {
  const many = Array.from({ length: 129 }, (_, at) => `"${at}"`).join(', ');
  const purgeLog = new SeenLog('log');
  const { exchange } = exchangeBut(rules, { method: 'POST' }, { purgeLog });
  await endStale(exchange, { ...well, fields: ['Cache-Group-Invalidation', many] });
  t.hasStrict(purgeLog.seen.at(-1), {
    cause: 'group',
    prefixes: [{ host: 'example.org', start: '/' }],
    tags: [],
  });
});

t.test('X-LiteSpeed-Purge is obeyed where it is listed: a path and * are of the own host', async (t) => {
  const fields = [
    'X-LiteSpeed-Purge',
    'tag=news, /x/../y?b=1; private, *',
    'Cache-Group-Invalidation',
    '"a"',
  ];
  const answer = { ...well, fields };
  const [, ...unlisted] = await ended({ method: 'POST' }, answer);
  t.strictSame(unlisted, ['group group://example.org a']);
  const listed = 'accept: { purges: [x-litespeed-purge] }\n';
  const [, ...purges] = await ended({ method: 'POST' }, answer, listed);
  t.strictSame(purges, ['app news url://example.org/y?b=1', 'app user:anonymous partition:anonymous']);
  t.strictSame(await ended({}, answer, listed), [], 'not on a safe method');
  t.strictSame(await ended({ method: 'POST' }, { ...answer, status: 403 }, listed), []);
  const bytes = Buffer.from('tag=חדש, /חדש').toString('latin1');
  const named = await ended({ method: 'POST' }, { ...well, fields: ['X-LiteSpeed-Purge', bytes] }, listed);
  t.strictSame(
    named.slice(1),
    [`app חדש url://example.org/${encodeURIComponent('חדש')}`],
    'as the tag of an answer is read',
  );
  const purgeLog = new SeenLog('log');
  const { exchange } = exchangeBut(listed, { method: 'POST' }, { purgeLog });
  await endStale(exchange, { ...well, fields: ['X-LiteSpeed-Purge', 'stale, *'] });
  t.hasStrict(purgeLog.seen.at(-1), {
    prefixes: [{ host: 'example.org', start: '/' }],
    soft: true,
    tags: [],
  });
});
