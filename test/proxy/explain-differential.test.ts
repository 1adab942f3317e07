/**
 * Explains and then performs hundreds of exchanges generated from a seed, over every kind of rule: the running proxy does
 * what its explanation says. `EXPLAIN_SEED=n` tries another seed; differences are shown with it.
 */
import type { IncomingMessage } from 'node:http';
import t from 'tap';
import { createVerifyJwt } from '../../src/origin/jwt.ts';
import type { EntryView } from '../../src/explain/describe-entry.ts';
import { explain, type Explanation, offlineServices } from '../../src/explain/explain.ts';
import { readHeaderLines } from '../../src/explain/header-lines.ts';
import type { Entry } from '../../src/store/store.ts';
import { token } from '../control/running-proxy.ts';
import { eventually } from '../helpers/eventually.ts';
import { ask, valuesOf } from '../helpers/raw-client.ts';
import { type Site, startSite } from '../helpers/scripted-site.ts';
import { TestClock } from '../helpers/test-clock.ts';
import { configurations } from './explain-configurations.ts';
import type { OriginAnswer } from './explain-answers.ts';
import { type Exchange, type Step, stepsOf } from './explain-exchanges.ts';
import { randomOf } from './explain-random.ts';
import { differences, ofConnection, type Seen } from './explain-verdicts.ts';

const seed = Number(process.env['EXPLAIN_SEED'] ?? 9111);
const wanted = Number(process.env['EXPLAIN_COUNT'] ?? 500);

type Bench = { readonly site: Site; readonly clock: TestClock; answer: OriginAnswer };

async function open(rules: string): Promise<Bench> {
  const clock = new TestClock();
  const site = await startSite(rules, { clock });
  const bench: Bench = { site, clock, answer: { status: 200, fields: [], body: '', isChunked: false } };
  site.answerWith((_request, response) => {
    const { status, body } = bench.answer;
    response.sendDate = false;
    response.writeHead(status, fieldsOf(bench.answer));
    response.end(body);
  });
  return bench;
}

function fieldsOf({ status, fields, body, isChunked }: OriginAnswer): string[] {
  const hasLength = !isChunked && status !== 204 && status !== 304;
  return hasLength ? [...fields, 'Content-Length', String(Buffer.byteLength(body))] : [...fields];
}

function linesOf(fields: readonly string[]): string[] {
  return fields.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${fields[index + 1] ?? ''}`] : []));
}

const isAbsolute = (target: string): boolean => target.startsWith('http:');
const requestLines = ({ request: { target, host, lines } }: Exchange): string[] =>
  isAbsolute(target) ? [...lines] : [`Host: ${host}`, ...lines];

async function control({ site }: Bench, path: string, init: RequestInit = {}): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch((site.proxy.controlUrl ?? '') + path, { ...init, headers });
  const body: unknown = await response.json();
  if (!response.ok) throw new Error(`${path}: ${JSON.stringify(body)}`);
  return body;
}

function explained(bench: Bench, exchange: Exchange): Promise<Explanation> {
  const { request, answer } = exchange;
  const query = new URLSearchParams({
    method: request.method,
    url: request.target,
    status: String(answer.status),
    response_body: answer.body,
  });
  for (const line of requestLines(exchange)) query.append('header', line);
  for (const line of linesOf(fieldsOf(answer))) query.append('response_header', line);
  return control(bench, `/explain?${query.toString()}`) as Promise<Explanation>;
}

const causeOf = ({ site }: Bench, entry: Entry): string | undefined => {
  const verdict = site.proxy.services.purgeLog.verdict(entry);
  return verdict.kind === 'purged' ? verdict.cause : undefined;
};

async function done(bench: Bench, { request, answer }: Exchange): Promise<Seen> {
  const { site } = bench;
  const { store, flights } = site.proxy.services;
  bench.answer = answer;
  const before = [...store.entries()].filter((entry) => causeOf(bench, entry) === undefined);
  // The same for a stored response however often it is looked at.
  const placeOf = ({ body }: Entry) => body.buffer;
  const known = new Set([...store.entries()].map(placeOf));
  const [outcomes, requests] = [site.outcomes.length, site.requests.length];
  const got = await ask(site.url, isAbsolute(request.target) ? { ...request, host: 'site.test' } : request);
  const isOurs = valuesOf(got, 'cache-status').length > 0 && ![400, 405, 414, 421, 431].includes(got.status);
  if (isOurs) await eventually('the outcome is told', () => site.outcomes.length > outcomes);
  await eventually('nothing is under way', () => isQuiet(bench) && flights.size === 0);
  const after = [...store.entries()];
  const news = after.filter((entry) => !known.has(placeOf(entry)));
  const ended = before.flatMap((entry) => {
    const cause = causeOf(bench, entry);
    return cause === undefined ? [] : [{ tags: entry.tags, cause }];
  });
  const left = before.filter((entry) => causeOf(bench, entry) === undefined).map(({ tags }) => tags);
  return {
    status: got.status,
    fate: valuesOf(got, 'cache-status').at(-1),
    outcome: site.outcomes[outcomes],
    asked: site.requests.slice(requests).map(askedOf),
    stored: await Promise.all(news.map(async (entry) => ({ entry, view: await viewOf(bench, entry) }))),
    ended,
    left,
  };
}

function askedOf({ method = '', url: target = '', headers }: IncomingMessage): Seen['asked'][number] {
  // That there is no body is said by whoever sends the request.
  const isOwn = (name: string): boolean => name === 'content-length' && headers[name] === '0';
  const names = Object.keys(headers).filter((name) => !ofConnection.has(name) && !isOwn(name));
  return { method, target, names: names.sort() };
}

/** Renewals behind stale hits go at a pace of their own, measured by the clock that stands still. */
function isQuiet({ site, clock }: Bench): boolean {
  const { waiting, running } = site.proxy.refresh.governor.stats();
  if (waiting > 0) clock.advance(0.3);
  return waiting + running === 0;
}

async function viewOf(bench: Bench, entry: Entry): Promise<EntryView | undefined> {
  const url = `http://${entry.host}${entry.target}`;
  const { entries } = (await control(bench, `/entries?url=${encodeURIComponent(url)}`)) as {
    entries: EntryView[];
  };
  const isIt = ({ partition, content_type, tags }: EntryView): boolean =>
    entry.partition.startsWith(partition) &&
    content_type === entry.contentType &&
    tags.join() === entry.tags.join();
  return entries.find(isIt);
}

/** The explanation of a proxy that does not run says the same, where nothing is stored yet. */
async function offline({ site, clock }: Bench, exchange: Exchange): Promise<Explanation | undefined> {
  const { config } = site.proxy.services.site();
  const { jwt, flaskSession } = config.identity;
  // One that runs has learned who is who; one that does not has learned nothing.
  if (flaskSession !== undefined && flaskSession.secret === undefined) return undefined;
  const services = offlineServices(config, { clock, verifyJwt: jwt && createVerifyJwt(jwt) });
  const { request, answer } = exchange;
  const result = await explain(services, {
    method: request.method,
    url: request.target,
    fields: readHeaderLines(requestLines(exchange)) ?? [],
    status: answer.status,
    responseFields: fieldsOf(answer),
    responseBody: answer.body,
  });
  return result.kind === 'explained' ? result.explanation : undefined;
}

const without = ({ summary, steps }: Explanation): unknown =>
  JSON.parse(JSON.stringify({ summary, steps: steps.filter(({ step }) => step !== 'stored entry') }));

/** An outcome in a word or two: a hit and whether it was stale, a miss or a pass and its cause. */
function kindOf({ outcome, fate, stored }: Seen): string {
  if (outcome === undefined) return 'refused';
  const { kind, miss, pass, notStored } = outcome;
  if (kind === 'hit') return fate?.includes('ttl=-') === true ? 'hit, stale' : 'hit';
  if (pass !== undefined) return stored.length > 0 ? `pass ${pass}, kept` : `pass ${pass}`;
  return `${kind} ${miss ?? ''}${notStored === undefined ? '' : ', not stored'}`;
}

type Tried = { readonly problems: readonly string[]; readonly kinds: readonly string[] };

async function tryOut(bench: Bench, steps: readonly Step[]): Promise<Tried> {
  const problems: string[] = [];
  const kinds: string[] = [];
  for (const [index, step] of steps.entries()) {
    if (step.kind === 'wait') bench.clock.advance(step.seconds);
    else if (step.kind === 'purge')
      await control(bench, '/purge', { method: 'POST', body: JSON.stringify(step.body) });
    else {
      const told = await explained(bench, step.exchange);
      const away = index === 0 ? await offline(bench, step.exchange) : undefined;
      const seen = await done(bench, step.exchange);
      const found = differences(told, seen);
      if (away !== undefined && JSON.stringify(without(away)) !== JSON.stringify(without(told))) {
        found.push(`offline: ${JSON.stringify(without(away))}\nrunning: ${JSON.stringify(without(told))}`);
      }
      if (found.length > 0) problems.push(`step ${index}:\n  ${found.join('\n  ')}`);
      kinds.push(kindOf(seen));
    }
  }
  return { problems, kinds };
}

const kinds = new Map<string, number>();

const expected = [
  ...['hit', 'hit, stale', 'forward cold', 'forward expired', 'forward purged', 'forward client-reload'],
  ...['forward cold, not stored', 'refused', 'refused cold'],
  ...['identity', 'method', 'method-override', 'rule', 'unmatched', 'write-rule'].map((why) => `pass ${why}`),
];

for (const [index, [name, rules]] of Object.entries(configurations).entries()) {
  t.test(`the explanation is what happens: ${name}`, async (t) => {
    const bench = await open(rules);
    t.teardown(() => bench.site.close());
    let exchanges = 0;
    for (let subject = 0; exchanges < wanted / 3; subject += 1) {
      const random = randomOf(seed + index * 1_000_003 + subject * 7919);
      const steps = stepsOf(random, subject, bench.clock.now());
      const tried = await tryOut(bench, steps);
      exchanges += tried.kinds.length;
      for (const kind of tried.kinds) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      if (tried.problems.length === 0) continue;
      t.fail(`EXPLAIN_SEED=${seed}, ${name}, subject ${subject}`, {
        problems: tried.problems.join('\n'),
        steps: JSON.stringify(steps),
      });
    }
    t.ok(exchanges >= wanted / 3);
  });
}

t.test('every kind of outcome was covered', (t) => {
  const all = [...kinds].sort().map(([kind, count]) => `${kind}: ${count}`);
  t.comment(all.join(', '));
  for (const kind of expected) t.ok(kinds.has(kind), kind);
  t.end();
});
