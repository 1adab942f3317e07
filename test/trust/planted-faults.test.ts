/** Each planted fault is found in shadow by its own sign, and by no other; without a fault nothing is found. */
import t, { type Test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { startSite } from '../helpers/scripted-site.ts';
import { TestClock } from '../helpers/test-clock.ts';
import type { ShadowReport } from '../../src/trust/shadow-report.ts';

const token = 'a-control-token-of-many-characters';
const session = 'session=a-long-session-value-0123456789';

type Fault = {
  readonly name: string;
  /** What makes the fault. */
  readonly greetsItsReader?: true;
  readonly writeRule?: string;
  readonly changesAlone?: true;
  readonly found: {
    readonly quarantined: readonly object[];
    readonly stale: number;
    readonly examples: readonly object[];
  };
};

const nothing = { quarantined: [], stale: 0, examples: [] };
const write = { method: 'POST', pattern: '/notes' };
const faults: readonly Fault[] = [
  { name: 'none', found: nothing },
  {
    name: 'a public route with a name in it',
    greetsItsReader: true,
    found: {
      ...nothing,
      quarantined: [{ route: '/all', reason: 'differs-by-identity', places: ['/greeting'] }],
    },
  },
  {
    name: 'a write without a rule',
    writeRule: 'invalidate: []',
    found: {
      ...nothing,
      stale: 2,
      examples: [
        { target: '/mine', cause: 'write', writes: [write] },
        { target: '/mine', cause: 'write', writes: [write] },
      ],
    },
  },
  {
    name: 'a lifetime too long',
    changesAlone: true,
    found: { ...nothing, stale: 1, examples: [{ target: '/mine', cause: 'time', writes: [] }] },
  },
];

async function foundIn(
  t: Test,
  { greetsItsReader, writeRule = 'invalidate: ["mine"]', changesAlone, found }: Fault,
) {
  const clock = new TestClock();
  let notes = 0;
  const site = await startSite(
    `
mode: shadow
control: { token: ${token} }
ttl: { jitter: 0 }
unmatched_writes: { url: true, user: false }
content_types:
  all: { ttl: 1h, scope: public, cache_control: override }
  mine: { ttl: 1h, scope: user, cache_control: override, tags: [mine] }
routes: [{ match: GET /all, type: all }, { match: GET /mine, type: mine }]
writes: [{ match: POST /notes, ${writeRule} }]
`,
    {
      clock,
      answer: (request, response) => {
        if (request.method === 'POST') notes += 1;
        const greeting = greetsItsReader && request.headers.cookie !== undefined ? 'hello Dana' : 'hello';
        response.setHeader('Content-Type', 'application/json');
        response.end(JSON.stringify(request.url === '/all' ? { greeting } : { notes }));
      },
    },
  );
  t.teardown(() => site.close());
  const headers = { cookie: session };
  const get = async (path: string): Promise<unknown> => (await fetch(site.url + path, { headers })).text();
  for (const path of ['/all', '/mine', '/all', '/mine']) await get(path);
  clock.advance(10);
  await fetch(`${site.url}/notes`, { method: 'POST', headers });
  clock.advance(1);
  await get('/mine');
  clock.advance(600);
  if (changesAlone) notes += 1;
  await get('/mine');
  const ask = async (path: string): Promise<unknown> => {
    const asked = { headers: { authorization: `Bearer ${token}` } };
    return (await fetch(`${site.proxy.controlUrl ?? ''}/api/cache/${path}`, asked)).json();
  };
  const report = async (): Promise<ShadowReport> => (await ask('shadow')) as ShadowReport;
  await eventually('all are judged', async () => {
    const { total } = await report();
    return total !== null && total.compared === total.would_hit;
  });
  await site.proxy.refresh.governor.idle();
  const quarantined = async (): Promise<readonly object[]> =>
    ((await ask('quarantine')) as { readonly routes: readonly object[] }).routes;
  const isThere = async (): Promise<boolean> => {
    // The app is asked no more than so often a second.
    clock.advance(1);
    return (await quarantined()).length >= found.quarantined.length;
  };
  await eventually('what is to be in quarantine is there', isThere);
  const { total, examples } = await report();
  return { quarantined: await quarantined(), stale: total?.stale, examples };
}

for (const fault of faults)
  t.test(fault.name, async (t) => {
    const found = await foundIn(t, fault);
    t.match(found, fault.found);
    t.equal(found.quarantined.length, fault.found.quarantined.length);
    t.equal(found.examples.length, fault.found.examples.length);
  });
