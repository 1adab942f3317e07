/**
 * Runs examples against the rules. Every exchange goes through the real pipeline (`dry-run.ts`).
 *
 * Promises: nothing is sent, stored or purged. There is no jitter, so that an example can state a lifetime to the second.
 */

import type { Config, WriteRule } from '../config/config.ts';
import type { Example, ExampleFile, ExampleRequest, Expectation } from '../config/examples/example.ts';
import type { EpochMs } from '../kit/time.ts';
import type { VerifyJwt } from '../policy/identity/identity.ts';
import { matcherOf, type Purge } from '../store/purge-log.ts';
import type { ClientRequest } from '../proxy/exchange/client-request.ts';
import { applies, decidedWrites } from './decided-writes.ts';
import { type DryRun, dryRun } from './dry-run.ts';
import { exampleAnswer, exampleRequest, type Sender } from './example-exchange.ts';
import type { Services } from '../proxy/exchange/exchange.ts';
import { offlineServices } from './explain.ts';

export type Mismatch = {
  readonly what: keyof Expectation | 'request';
  readonly expected: string;
  readonly found: string;
};

export type ExampleResult = { readonly example: Example; readonly mismatches: readonly Mismatch[] };

export type TryExample = (example: Example) => Promise<ExampleResult>;

/** Creates the function that runs the examples of a file against a configuration. */
export function createTryExample(config: Config, file: ExampleFile, verifyJwt?: VerifyJwt): TryExample {
  const steady = { ...config, ttl: { ...config.ttl, jitter: 0 } };
  const never = { now: () => 0 as EpochMs, monotonicMs: () => 0 };
  const usualServices = offlineServices(steady, { clock: never, verifyJwt });
  const popularServices = {
    ...usualServices,
    popularity: { ...usualServices.popularity, isHigh: () => true },
  };
  return async (example) => {
    const bench = {
      config: steady,
      file,
      example,
      services: example.popular ? popularServices : usualServices,
    };
    return { example, mismatches: await tryOn(bench) };
  };
}

type Bench = {
  readonly config: Config;
  readonly file: ExampleFile;
  readonly example: Example;
  readonly services: Services;
};

async function tryOn(bench: Bench): Promise<readonly Mismatch[]> {
  const { config, file, example, services } = bench;
  const { request: sent, cookies, fields, at, expect } = example;
  const request = readRequest(bench, { request: sent, cookies, fields: [...fields, ...typeOf(example)], at });
  if (typeof request === 'string') return [{ what: 'request', expected: 'a request', found: request }];
  const asked = {
    request,
    requestBody: example.sends === undefined ? undefined : Buffer.from(example.sends.body),
    answer: exampleAnswer(config, file, example),
    now: at,
  };
  const run = await dryRun(services, { ...asked, usesStore: false });
  const writes = await decidedWrites(services, asked);
  return [
    ...plainMismatches(bench, { request, run, writes: writes.filter(applies).map(({ rule }) => rule) }),
    ...lifetimeMismatch(run, expect),
    ...tagMismatch(run, expect),
    ...(await copyMismatches(bench, run)),
    ...(await endMismatches(bench, run.purges)),
  ];
}

/** The Content-Type of what is sent, unless the example has its own. */
function typeOf({ sends, fields }: Example): Example['fields'] {
  const hasOwn = fields.some(([name]) => name.toLowerCase() === 'content-type');
  return sends?.type === undefined || hasOwn ? [] : [['content-type', sends.type]];
}

function readRequest({ config, file }: Bench, sender: Sender): ClientRequest | string {
  const read = exampleRequest(config, file, sender);
  if (read.kind === 'request') return read.request;
  return read.kind === 'refused' ? `refused, ${read.status} ${read.detail}` : read.kind;
}

function plainMismatches(
  { config, services, example }: Bench,
  {
    request,
    run,
    writes,
  }: { readonly request: ClientRequest; readonly run: DryRun; readonly writes: readonly WriteRule[] },
): Mismatch[] {
  const { expect } = example;
  const { rules } = services.site();
  const { method, path } = request;
  const { route } = rules.match(method, path, request);
  const written = [...new Set(writes.flatMap(({ name, matches }) => [name, ...matches.map(matchText)]))];
  const { contentType, pass, doubt } = run.outcome;
  const scope = config.contentTypes.get(contentType)?.scope;
  const found: readonly (readonly [keyof Expectation, string | boolean | undefined, string | boolean])[] = [
    ['route', expect.route, route === undefined ? 'none' : `${route.methods[0] ?? ''} ${route.pattern}`],
    ['write', expect.write, written.find((text) => text === expect.write) ?? (written.join(', ') || 'none')],
    ['type', expect.type, contentType],
    ['scope', expect.scope, scope ?? 'none'],
    ['pass', expect.pass, (expect.pass === doubt ? doubt : pass) ?? false],
    ['stored', expect.stored, storedAs(run, expect.stored)],
    ['sent', expect.sent, run.sent?.target ?? 'nothing'],
  ];
  return found.flatMap(([what, expected, actual]) =>
    expected === undefined || expected === actual
      ? []
      : [{ what, expected: String(expected), found: String(actual) }],
  );
}

const matchText = ({ methods, pattern }: WriteRule['matches'][number]): string =>
  `${methods[0] ?? ''} ${pattern}`;

function storedAs({ entry, outcome }: DryRun, expected: string | boolean | undefined): string | boolean {
  if (entry !== undefined) return true;
  if (expected === false) return false;
  return outcome.notStored ?? (outcome.pass === undefined ? false : `passed: ${outcome.pass}`);
}

function lifetimeMismatch(run: DryRun, { ttl }: Expectation): Mismatch[] {
  if (ttl === undefined) return [];
  const { entry } = run;
  const lifetime =
    entry === undefined ? undefined : Math.floor(entry.policy.lifetime - entry.policy.initialAge);
  if (lifetime === ttl) return [];
  const found = lifetime === undefined ? notStored(run) : `${lifetime} s`;
  return [{ what: 'ttl', expected: `${ttl} s`, found }];
}

function tagMismatch(run: DryRun, { tags = [] }: Expectation): Mismatch[] {
  const has: readonly string[] = run.entry?.tags ?? [];
  const missing = tags.filter((tag) => !has.includes(tag));
  if (missing.length === 0) return [];
  return [
    {
      what: 'tags',
      expected: missing.join(', '),
      found: run.entry === undefined ? notStored(run) : has.join(', '),
    },
  ];
}

const notStored = (run: DryRun): string => `not stored: ${String(storedAs(run, undefined))}`;

async function copyMismatches(bench: Bench, run: DryRun): Promise<Mismatch[]> {
  const { sameCopy, otherCopy } = bench.example.expect;
  const own = copyOf(run);
  const mismatches: Mismatch[] = [];
  for (const [what, requests] of [
    ['sameCopy', sameCopy],
    ['otherCopy', otherCopy],
  ] as const) {
    for (const other of requests) {
      const theirs = await usualRun(bench, other);
      const isSame = typeof theirs !== 'string' && own !== undefined && copyOf(theirs) === own;
      if (isSame === (what === 'sameCopy')) continue;
      mismatches.push({
        what,
        expected: named(other),
        found: isSame ? 'the same copy' : 'another copy or none',
      });
    }
  }
  return mismatches;
}

const copyOf = ({ exchange, entry }: DryRun): string | undefined =>
  exchange === undefined ? undefined : `${exchange.plan.key} ${entry?.variant ?? ''}`;

async function endMismatches(bench: Bench, purges: readonly Purge[]): Promise<Mismatch[]> {
  const { ends, keeps } = bench.example.expect;
  const mismatches: Mismatch[] = [];
  for (const [what, requests] of [
    ['ends', ends],
    ['keeps', keeps],
  ] as const) {
    for (const other of requests) {
      const found = await endedBy(bench, other, purges);
      if (found !== what) mismatches.push({ what, expected: named(other), found });
    }
  }
  return mismatches;
}

/** Whether the purges end the stored response of a request; if nothing is stored, why. */
async function endedBy(bench: Bench, request: ExampleRequest, purges: readonly Purge[]): Promise<string> {
  const run = await usualRun(bench, request);
  if (typeof run === 'string') return run;
  const { entry } = run;
  if (entry === undefined) return `not stored: ${String(storedAs(run, undefined))}`;
  return purges.some((purge) => matcherOf(purge)(entry)) ? 'ends' : 'keeps';
}

async function usualRun(bench: Bench, asked: ExampleRequest): Promise<DryRun | string> {
  const { config, file, services, example } = bench;
  const { at } = example;
  const request = readRequest(bench, { request: asked, at });
  if (typeof request === 'string') return request;
  const answer = exampleAnswer(config, file, {
    answer: { ...file.usual, session: undefined },
    request: asked,
    at,
  });
  return dryRun(services, { request, answer, now: at, usesStore: false });
}

const named = ({ method, url, as }: ExampleRequest): string =>
  `${method} ${url}${as === undefined ? '' : ` as ${as}`}`;

/** A failed example in words: its place, its request and each difference. */
export function failureLines(file: string, { example, mismatches }: ExampleResult): string[] {
  const { line, column, name, request } = example;
  const told = mismatches.map(
    ({ what, expected, found }) => `    ${wordOf(what)}: expected ${expected}, got ${found}`,
  );
  return [`${file}:${line}:${column} ${name}`, `    ${named(request)}`, ...told];
}

const wordOf = (what: Mismatch['what']): string => what.replace('Copy', '_copy');
