/** 19.3: traces are continued or begun, told to the origin and exported to a real OTLP receiver; nothing else changes. */

import t from 'tap';
import { cacheStatus, type Site, startSite } from '../helpers/scripted-site.ts';
import { type Span, startReceiver } from '../helpers/span-receiver.ts';
import { stopwatch } from '../helpers/stopwatch.ts';

const rules = (traces: string) => `
${traces}
content_types: { page: { scope: public, ttl: 60s, cache_control: override } }
routes: [{ match: GET /rule/*, type: page }, { match: GET /passed, type: pass }]
`;

/** A site, and the `traceparent` and `tracestate` of each request that its origin got. */
async function open(traces: string): Promise<{ readonly site: Site; readonly told: string[] }> {
  const told: string[] = [];
  const site = await startSite(rules(traces), {
    answer: ({ headers, url }, response) => {
      told.push(`${String(headers['traceparent'])} ${String(headers['tracestate'])}`);
      const varies = url === '/standard/vary' ? { Vary: 'traceparent' } : {};
      response.writeHead(200, { 'Cache-Control': 'max-age=60', ...varies }).end('body');
    },
  });
  return { site, told };
}

const clients = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
const sampled = `00-${clients.traceId}-${clients.spanId}-01`;

async function ask(site: Site, path: string, headers: Record<string, string> = {}, method = 'GET') {
  const response = await fetch(site.url + path, { headers, method });
  await response.text();
  return cacheStatus(response);
}

const valuesOf = ({ attributes }: Span): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]));

t.test(
  'a sampled trace of a client is continued: lane, cache, origin and purge have their spans',
  async (t) => {
    const receiver = await startReceiver(t);
    const { site, told } = await open(`traces: { endpoint: "${receiver.url}", sample: 0, service: shop }`);
    const asked = { traceparent: sampled, tracestate: 'x=1' };
    await ask(site, '/rule/a?token=hidden&page=2', asked);
    t.match(await ask(site, '/rule/a?token=hidden&page=2', asked), /^hit/);
    t.match(
      await ask(site, '/rule/a?token=hidden&page=2'),
      /^hit/,
      'nor the trace nor its absence is in the key',
    );
    t.match(
      await ask(site, '/rule/a?token=hidden&page=2', { traceparent: sampled.replace(/1$/, '0') }),
      /^hit/,
    );
    await site.close();

    const [server, lookup, fetched, hit, hitLookup, ...others] = receiver.spans;
    t.strictSame(others, [], 'what the client does not sample has no spans');
    t.match(server, {
      ...{ traceId: clients.traceId },
      parentSpanId: clients.spanId,
      name: 'GET /rule/*',
      kind: 2,
    });
    t.match(lookup, {
      traceId: clients.traceId,
      parentSpanId: server?.spanId,
      name: 'cache.lookup',
      kind: 1,
    });
    t.match(fetched, {
      traceId: clients.traceId,
      parentSpanId: server?.spanId,
      name: 'origin.fetch',
      kind: 3,
    });
    t.match(hit, { parentSpanId: clients.spanId, name: 'GET /rule/*' });
    t.match(hitLookup, { parentSpanId: hit?.spanId, name: 'cache.lookup' });
    t.strictSame(told, [`00-${clients.traceId}-${String(fetched?.spanId)}-01 undefined`]);
    if (server === undefined || lookup === undefined || hitLookup === undefined) return;
    t.match(valuesOf(server), {
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'http.route': '/rule/*',
      'url.path': '/rule/a',
      'url.query': 'token=…&page=2',
      'shelflife.content_type': 'page',
    });
    t.match(valuesOf(lookup), { 'shelflife.outcome': 'forward', 'shelflife.cause': 'cold' });
    t.match(valuesOf(hitLookup), { 'shelflife.outcome': 'hit', 'shelflife.ttl': Number });
    for (const span of receiver.spans)
      t.ok(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano), span.name);
  },
);

t.test('a trace is begun where there is none, and a traceparent that is not valid is replaced', async (t) => {
  const receiver = await startReceiver(t);
  const { site, told } = await open(`traces: { endpoint: "${receiver.url}", sample: 1 }`);
  const forged = [
    sampled.toUpperCase(),
    `00-${'0'.repeat(32)}-${clients.spanId}-01`,
    `00-${clients.traceId}-${'0'.repeat(16)}-01`,
    `ff-${clients.traceId}-${clients.spanId}-01`,
    `${sampled}-more`,
    `${sampled},${sampled}`,
    '<script>',
  ];
  for (const [index, traceparent] of forged.entries()) {
    await ask(site, `/standard/${index}`, { traceparent, tracestate: 'x=1' });
    await ask(site, '/passed', { traceparent, tracestate: 'x=1' });
  }
  await ask(site, '/passed');
  await ask(site, '/standard/w', {}, 'POST');
  await ask(site, '/passed', { traceparent: sampled, tracestate: 'x=1' });
  t.match(told.pop(), new RegExp(`^00-${clients.traceId}-(?!${clients.spanId})[0-9a-f]{16}-01 x=1$`));
  for (const one of told) t.match(one, /^00-(?!a{32})[0-9a-f]{32}-[0-9a-f]{16}-01 undefined$/);
  const ids = new Set(told.map((one) => one.split('-')[1]));
  t.equal(ids.size, forged.length * 2 + 2, 'each is a trace of its own');
  await site.close();
  const roots = receiver.spans.filter(({ parentSpanId }) => parentSpanId === undefined);
  t.strictSame(new Set(roots.filter(({ name }) => name !== 'purge').map(({ traceId }) => traceId)), ids);
  const purges = receiver.spans.filter(({ name }) => name === 'purge');
  t.strictSame(
    purges.map((span) => valuesOf(span)['shelflife.purge.cause']),
    ['unmatched-write'],
  );
});

t.test('hits in the lane are sampled too, and are the same but for the trace', async (t) => {
  const receiver = await startReceiver(t);
  const { site } = await open(`traces: { endpoint: "${receiver.url}", sample: 0.5 }`);
  await ask(site, '/rule/a');
  for (let count = 0; count < 200; count += 1) t.match(await ask(site, '/rule/a'), /^hit/);
  await site.close();
  const hits = receiver.spans.filter((span) => valuesOf(span)['shelflife.outcome'] === 'hit').length;
  t.ok(hits > 60 && hits < 140, `${hits} of 200`);
});

t.test('an answer that varies by traceparent is for its cause only', async (t) => {
  const { site } = await open('traces: { endpoint: "http://127.0.0.1:9/v1/traces", sample: 0 }');
  t.teardown(() => site.close());
  for (const traceparent of [sampled, sampled, '']) {
    const told = await ask(site, '/standard/vary', traceparent === '' ? {} : { traceparent });
    t.match(told, /^fwd=uri-miss/);
  }
});

t.test('a collector that is gone costs no request, and the stop is not held up', async (t) => {
  const { site } = await open('traces: { endpoint: "http://127.0.0.1:9/v1/traces", sample: 1 }');
  for (const path of ['/rule/a', '/rule/a', '/passed']) await ask(site, path);
  const tookMs = stopwatch();
  await site.close();
  t.ok(tookMs() < 5000);
});

t.test('without `traces` a client’s own traceparent goes on as any field', async (t) => {
  const { site, told } = await open('');
  t.teardown(() => site.close());
  await ask(site, '/passed', { traceparent: sampled });
  await ask(site, '/rule/a', { traceparent: sampled });
  t.strictSame(told, [`${sampled} undefined`, 'undefined undefined']);
});

t.test(
  '19.3: `per_second` bounds the traces that are begun here, not those that are continued',
  async (t) => {
    const endpoint = 'http://127.0.0.1:9/v1/traces';
    const { site, told } = await open(`traces: { endpoint: "${endpoint}", sample: 1, per_second: 2 }`);
    t.teardown(() => site.close());
    for (let number = 0; number < 6; number += 1)
      await (await fetch(`${site.url}/standard/${number}`)).text();
    const sampled = told.filter((line) => line.includes('-01 '));
    t.ok(sampled.length >= 2 && sampled.length < 6, told.join('\n'));
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    for (const path of ['/passed', '/passed', '/passed'])
      await (await fetch(site.url + path, { headers: { traceparent } })).text();
    t.equal(told.slice(-3).filter((line) => line.includes('-01 ')).length, 3);
  },
);
