/**
 * The body of a purge, read strictly.
 */
import t from 'tap';
import { readPurge } from '../../src/control/purge-request.ts';

const json = 'application/json';
const detailOf = (body: string, contentType: string | undefined = json): string | undefined => {
  const read = readPurge(body, contentType);
  return read.kind === 'bad' ? read.detail : undefined;
};

t.test('every field is read, and an omitted one selects nothing', async (t) => {
  const body = {
    urls: ['/a'],
    tags: ['t'],
    users: ['u'],
    types: ['y'],
    prefixes: ['/p'],
    soft: true,
    dry_run: true,
  };
  t.strictSame(readPurge(JSON.stringify(body), `${json}; charset=utf-8`), {
    kind: 'ok',
    request: {
      urls: ['/a'],
      tags: ['t'],
      users: ['u'],
      types: ['y'],
      prefixes: ['/p'],
      everything: false,
      soft: true,
      dryRun: true,
    },
  });
  t.match(readPurge('{"everything":true,"tags":[]}', json), {
    request: { everything: true, tags: [], soft: false },
  });
});

const mistakes: readonly (readonly [what: string, body: string, detail: RegExp])[] = [
  ['no body', '', /not JSON/],
  ['invalid JSON', '{tags:[]}', /not JSON/],
  ['a list', '["a"]', /JSON object/],
  ['null', 'null', /JSON object/],
  ['an unknown field', '{"tag":["a"]}', /unknown field "tag"/],
  ['a field twice', '{"tags":["a"],"tags":["b"]}', /twice/],
  ['a field of every object', '{"__proto__":["a"]}', /unknown field/],
  ['a text for a list', '{"tags":"a"}', /tags must be a list/],
  ['null for a list', '{"everything":true,"tags":null}', /tags must be a list/],
  ['a number in a list', '{"tags":["a",1]}', /tags must hold strings/],
  ['an empty string', '{"tags":["a",""]}', /tags holds an empty/],
  ['blanks', '{"urls":["  "]}', /urls holds an empty/],
  ['a text for a flag', '{"everything":"true"}', /everything must be/],
  ['null for a flag', '{"tags":["a"],"soft":null}', /soft must be/],
  ['no selector', '{}', /nothing selected/],
  ['empty lists', '{"tags":[],"urls":[]}', /nothing selected/],
  ['only flags', '{"soft":true,"dry_run":true,"everything":false}', /nothing selected/],
];

for (const [what, body, detail] of mistakes) {
  t.test(`${what} is refused with a reason`, async (t) => {
    t.match(detailOf(body), detail);
  });
}

t.test('a body of another type is refused', async (t) => {
  const body = '{"everything":true}';
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', ''])
    t.match(detailOf(body, type), 'application/json', type);
  t.equal(readPurge(body, undefined).kind, 'bad');
});
