/**
 * What does each decision about a hit cost, and do all of them together stay under 5 µs?
 *
 * Nanoseconds a call: the steps of the request path one by one, then the path as a whole, for requests with a browser's 14
 * fields. Every request is made of strings nobody has seen before, as a server's are; the reply takes what it is given and
 * writes nothing, for what node:http costs is the subject of `hit`.
 */
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import pino from 'pino';
import { parseConfig } from '../src/config/schema/check.ts';
import { reuse } from '../src/http/reuse.ts';
import { type ClientRequest, createReader } from '../src/proxy/exchange/client-request.ts';
import { deliver } from '../src/proxy/hit/deliver.ts';
import { type CacheExchange, type Exchange, tellOutcome } from '../src/proxy/exchange/exchange.ts';
import { keyedExchange } from '../src/proxy/exchange/keyed-exchange.ts';
import { chooseVariant } from '../src/proxy/hit/lookup.ts';
import { createPipeline, passReason } from '../src/proxy/pipeline.ts';
import type { Reply } from '../src/proxy/exchange/reply.ts';
import { startServer } from '../src/server.ts';
import { pageConfig, pageOrigin, pageRequests, startOrigin } from './parts/app.ts';
import { browserFields } from './parts/browser.ts';
import { printMachine } from './parts/machine.ts';

const batch = 1000;
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 60);
let nextTarget = 0;

printMachine();
const origin = await startOrigin(pageOrigin);
const parsed = parseConfig(pageConfig(origin.url), { file: 'bench.yaml', env: {} });
if (parsed.kind !== 'ok') throw new Error('the configuration has problems');
const server = await startServer({ config: parsed.config, log: pino({ level: 'error' }), control: 'off' });
const { services } = server;
const read = createReader(parsed.config.listen);
const pipeline = createPipeline(services);
const host = new URL(server.url).host;
const socket = new Socket();
const reply: Reply = {
  information: ignore,
  head: ignore,
  write: () => true,
  end: ignore,
  abort: ignore,
  onDrain: ignore,
  onGone: ignore,
  unsentBytes: 0,
  sentBodyBytes: undefined,
  onOver: () => undefined,
  get requestBody() {
    return notForwarded();
  },
};

const steps = ['read', 'match', 'pass?', 'identify', 'key', 'look up', 'reuse', 'deliver', 'report', 'all'];
console.log(`ns a call          ${steps.map((step) => step.padStart(8)).join('')}`);
/** More than half of what each bounded map holds, so that each use counts. */
const manyPages = Array.from({ length: 3000 }, (_, page) => `/public/page-${page}`);
const asked = [
  ...pageRequests().map(({ name, target, more }) => ({ name, targets: [target], more })),
  { name: '3000 public pages', targets: manyPages, more: [] },
];
for (const { name, targets, more } of asked) {
  const fields = [...browserFields(host), ...more];
  for (const target of targets)
    await (await fetch(`${server.url}${target}`, { headers: pairs(fields) })).arrayBuffer();
  const times = measure(targets, fields);
  console.log(name.padEnd(19) + times.map((time) => time.toFixed(0).padStart(8)).join(''));
}
await server.close();
origin.server.close();

function measure(targets: readonly string[], fields: readonly string[]): number[] {
  const lists = steps.map((): number[] => []);
  for (let round = 0; round < rounds; round += 1) {
    const times = [...oneByOne(messagesOf(targets, fields)), together(messagesOf(targets, fields))];
    times.forEach((time, step) => lists[step]?.push(time));
  }
  // The best round: what else the machine did in the others is not ours.
  return lists.map((list) => Math.min(...list));
}

/** A batch of requests through each step, before any goes through the next. */
function oneByOne(messages: readonly IncomingMessage[]): number[] {
  const site = services.site();
  const now = services.clock.now();
  const [reading, requests] = timed(messages, requestOf);
  const [matching, matches] = timed(requests, (request) =>
    site.rules.match(request.method, request.path, request),
  );
  const exchanges = requests.map((request, at): Exchange => {
    const match = matches[at] ?? notForwarded();
    return { services, site, request, reply, match, now, startedMs: services.clock.monotonicMs() };
  });
  const [passing] = timed(exchanges, passReason);
  const [identifying, identities] = timed(requests, (request) => {
    const identity = site.identify(request, now);
    return identity instanceof Promise ? notForwarded() : identity;
  });
  const whole = exchanges.map((exchange, at) => ({ exchange, identity: identities[at] ?? notForwarded() }));
  const [keying, keyed] = timed(whole, ({ exchange, identity }) => keyedExchange(exchange, identity));
  const [peeking, found] = timed(keyed, ({ plan }) => services.store.peek(plan.key));
  const looking = keyed.map((exchange, at) => ({ exchange, variants: found[at] ?? [] }));
  const [reusing, entries] = timed(looking, ({ exchange, variants }) => {
    const { request, plan, directives } = exchange;
    const lookup = chooseVariant(variants, { request, plan, directives, now, purgeLog: services.purgeLog });
    return lookup.kind === 'entry' ? lookup.entry : notForwarded();
  });
  const delivering = keyed.map((exchange, at) => ({ exchange, entry: entries[at] ?? notForwarded() }));
  const [delivery] = timed(delivering, ({ exchange, entry }) => {
    const { age, ttl } = reuse(entry.policy, exchange.directives, now);
    return deliver(exchange, entry, { cacheStatus: { kind: 'hit', ttl }, age });
  });
  const [reporting] = timed(keyed, reportHit);
  return [reading, matching, passing, identifying, keying, peeking, reusing, delivery, reporting];
}

function together(messages: readonly IncomingMessage[]): number {
  return timed(messages, (message) => pipeline(requestOf(message), reply, notForwarded))[0];
}

function reportHit(exchange: CacheExchange): void {
  tellOutcome(exchange, { kind: 'hit', status: 200, cacheStatus: { kind: 'hit' } });
}

function requestOf(message: IncomingMessage): ClientRequest {
  const result = read(message);
  return result.kind === 'request' ? result.request : notForwarded();
}

/** A batch of messages; of many targets, those that were not asked for last. */
function messagesOf(targets: readonly string[], fields: readonly string[]): IncomingMessage[] {
  return Array.from({ length: batch }, () => {
    nextTarget += 1;
    return messageOf(targets[nextTarget % targets.length] ?? '', fields);
  });
}

/** A message as node:http would hand it over. */
function messageOf(target: string, fields: readonly string[]): IncomingMessage {
  const message = new IncomingMessage(socket);
  message.rawHeaders = fields.map(fresh);
  const version = { httpVersion: '1.1', httpVersionMajor: 1, httpVersionMinor: 1 };
  return Object.assign(message, version, { method: 'GET', url: fresh(target) });
}

function fresh(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

function timed<Input, Output>(inputs: readonly Input[], call: (input: Input) => Output): [number, Output[]] {
  const outputs = new Array<Output>(inputs.length);
  const started = performance.now();
  for (let at = 0; at < inputs.length; at += 1) outputs[at] = call(inputs[at] as Input);
  return [((performance.now() - started) * 1e6) / inputs.length, outputs];
}

function pairs(fields: readonly string[]): [string, string][] {
  const own = new Set(['host', 'connection']);
  return Array.from({ length: fields.length / 2 }, (_, at): [string, string] => [
    fields[at * 2] ?? '',
    fields[at * 2 + 1] ?? '',
  ]).filter(([name]) => !own.has(name.toLowerCase()));
}

function notForwarded(): never {
  throw new Error('this request is answered without the store');
}

function ignore(): void {
  // Nothing is written.
}
