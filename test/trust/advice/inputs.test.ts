/** Parts of requests by table: which are advised to be left out, and which never. */
import t from 'tap';
import { epochMs } from '../../../src/kit/time.ts';
import { needlessAdvice } from '../../../src/trust/advice/input-advice.ts';
import { Inputs } from '../../../src/trust/advice/inputs.ts';
import { parseConfig } from '../../../src/config/schema/check.ts';

const parsed = parseConfig(
  'content_types: { page: { vary: { headers: [x-theme] } } }\nroutes: [{ match: GET /*, type: page }]',
  {
    file: 'x',
    env: {},
    upstreamMayBeMissing: true,
  },
);
const type = parsed.kind === 'ok' ? parsed.config.contentTypes.get('page') : undefined;

t.test('what is advised by table', async (t) => {
  if (type === undefined) throw new Error('no type');
  const base = { pages: 6, values: 20, stepMs: 1000, query: 'ref', fields: (_value: number): string[] => [] };
  type Row = Partial<typeof base> & {
    what: string;
    body?: (page: number, value: number) => string;
    found: string[];
  };
  const rows: Row[] = [
    { what: 'never changes six pages', found: ['ignore-query:page:ref'] },
    {
      what: 'changes one answer in a hundred',
      body: (page, value) => `${page} ${page === 5 && value === 19}`,
      found: [],
    },
    { what: 'changes every page', body: (page, value) => `${page} ${value}`, found: [] },
    { what: 'a search that finds nothing', pages: 1, values: 200, found: [] },
    { what: 'too few', values: 10, found: [] },
    { what: 'too far apart', stepMs: 601_000, found: [] },
    {
      what: 'a tracker needs fewer',
      query: 'utm_campaign',
      pages: 1,
      values: 12,
      found: ['ignore-query:page:utm_campaign'],
    },
    { what: 'an invitation', query: 'access_token', found: [] },
    { what: 'a person', query: 'user_id', found: [] },
    {
      what: 'a field that splits for nothing',
      query: '',
      fields: (value) => ['X-Theme', String(value)],
      found: ['needless-vary:page:x-theme'],
    },
  ];
  for (const { what, found, body = (page: number) => String(page), ...rest } of rows) {
    const { pages, values, stepMs, query, fields } = { ...base, ...rest };
    const inputs = new Inputs();
    let now = 0;
    for (let value = 0; value < values; value += 1)
      for (let page = 0; page < pages; page += 1)
        inputs.stored({
          ...{
            contentType: 'page',
            partition: 'public',
            host: 'h',
            variedBy: ['x-theme'],
            at: epochMs((now += stepMs)),
          },
          ...{ target: query === '' ? `/${page}` : `/${page}?${query}=${value}`, sent: fields(value) },
          digest: body(page, value),
        });
    const advices = inputs.seen().flatMap((seen) => needlessAdvice(seen, type, now) ?? []);
    t.same(
      advices.map(({ id }) => id),
      found,
      what,
    );
  }
});
