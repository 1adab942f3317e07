/**
 * Runs cases against a running proxy, over sockets: one origin, one proxy (`unmatched: standard`, no routes, memory store),
 * one clock that moves only when told, and a separate path for every case.
 */

import { randomUUID } from 'node:crypto';
import pino from 'pino';
import { parseConfig } from '../../src/config/schema/check.ts';
import { type RunningServer, startServer } from '../../src/server.ts';
import type { Case, Expectation, Step } from './cases/form.ts';
import { differences, fieldsOf, fillIn, present, type Scene, valueOf } from './fields-of.ts';
import { ask, closeConnections, type PlainAnswer } from './plain-client.ts';
import {
  type Arrival,
  openScriptedOrigin,
  type Script,
  type ScriptedOrigin,
  TestClock,
} from './scripted-origin.ts';

/** What there is to run cases with. */
export type Bench = {
  readonly clock: TestClock;
  readonly origin: ScriptedOrigin;
  readonly server: RunningServer;
  readonly close: () => Promise<void>;
};

/** Starts origin and proxy. */
export async function openBench(): Promise<Bench> {
  const clock = new TestClock();
  const origin = await openScriptedOrigin(clock);
  const text = [
    `upstream: http://127.0.0.1:${origin.port}`,
    'listen: 127.0.0.1:0',
    'control: { address: 127.0.0.1:0 }',
    'unmatched: standard',
    'store: { max_object: 100KiB }',
  ].join('\n');
  const read = parseConfig(text, { file: 'rfc.yaml', env: {} });
  if (read.kind === 'problems') throw new Error(JSON.stringify(read.problems));
  const server = await startServer({ config: read.config, clock, log: pino({ level: 'error' }) });
  const close = async (): Promise<void> => {
    closeConnections();
    await server.close();
    origin.close();
  };
  return { clock, origin, server, close };
}

/** Runs one case; gives what was not as expected, a line each. With `host` the case has that Host, and whole targets. */
export async function runCase(bench: Bench, one: Case, host?: string): Promise<string[]> {
  bench.clock.reset();
  const path = host === undefined ? `/${randomUUID()}` : '';
  const authority = host ?? `127.0.0.1:${new URL(bench.server.url).port}`;
  const scene = { path, host: authority, start: bench.clock.now(), step: 1 };
  const script: Script = { answer: {}, scene, arrivals: [] };
  const name = host ?? path.slice(1);
  bench.origin.scripts.set(name, script);
  const problems: string[] = [];
  for (const [at, step] of one.requests.entries()) {
    script.scene = { ...scene, step: at + 1 };
    script.answer = step.response ?? script.answer;
    bench.clock.advance(pauseBefore(step, (bench.clock.now() - scene.start) / 1000));
    const answer = await send(bench, step, { ...script.scene, now: bench.clock.now() });
    if (step.background !== undefined) await settled(bench, script, step.background);
    const found = judge(step, { answer, script, scene: { ...script.scene, now: bench.clock.now() } });
    problems.push(...found.map((problem) => `step ${at + 1}: ${problem}`));
  }
  bench.origin.scripts.delete(name);
  return problems;
}

/** Seconds until a step, so many after the start. */
const pauseBefore = ({ at, pause = 0 }: Step, elapsed: number): number =>
  at === undefined ? pause : Math.max(0, at - elapsed);

function send(bench: Bench, step: Step, scene: Scene): Promise<PlainAnswer> {
  const { method = 'GET', body, version = '1.1', headers = [] } = step;
  const target = fillIn(step.target ?? (scene.path === '' ? '/' : ''), scene);
  const isBehind = target === '' || target.startsWith('/') || target.startsWith('?');
  const given = fieldsOf(headers, scene);
  const hasHost = given.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'host');
  const fields = hasHost ? given : ['Host', scene.host, ...given];
  const port = Number(new URL(bench.server.url).port);
  return ask({ port, method, target: isBehind ? scene.path + target : target, fields, body, version });
}

/** Waits until renewals in the background have arrived, and are over. */
async function settled({ server }: Bench, script: Script, count: number): Promise<void> {
  const { step } = script.scene;
  const hasArrived = (): boolean =>
    script.arrivals.filter((arrival) => arrival.step === step).length >= count;
  for (let turn = 0; turn < 1000 && !(hasArrived() && server.services.flights.size === 0); turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

type Seen = { readonly answer: PlainAnswer; readonly script: Script; readonly scene: Scene };

function judge({ expect, background = 0 }: Step, seen: Seen): string[] {
  if (expect === undefined) return [];
  const { answer, script, scene } = seen;
  const arrived = script.arrivals.filter(({ step }) => step === scene.step);
  // It does not have the field that says so.
  const isPassedOn304 = expect.type === 'not_cached' && answer.status === 304;
  const how = answeredHow(expect.type, { ...seen, arrived, background });
  return [
    ...(how === undefined ? [] : [how]),
    ...differs('status', answer.status, expect.status),
    ...differs('body', answer.body, expect.body === undefined ? undefined : fillIn(expect.body, scene)),
    ...lacking(
      answer.body,
      (expect.contains ?? []).map((text) => fillIn(text, scene)),
    ),
    ...differs('of step', servedIn(answer), isPassedOn304 ? undefined : expect.of),
    ...differs('broken', answer.broken, expect.broken ?? false),
    ...differences(answer.fields, expect.headers ?? [], scene),
    ...present(answer.fields, expect.missing ?? []),
    ...differs('own cache status', ownCacheStatus(answer), expect.cacheStatus),
    ...aside(expect, answer, scene),
    ...asked(expect, arrived.at(-1), scene),
  ];
}

const lacking = (body: string, texts: readonly string[]): string[] =>
  texts.filter((text) => !body.includes(text)).map((text) => `body: no ${JSON.stringify(text)} in it`);

function aside(expect: Expectation, { interim, trailers }: PlainAnswer, scene: Scene): string[] {
  const statuses = interim.map(({ status }) => status).join(' ');
  return [
    ...differs('interim', statuses, expect.interim?.join(' ')),
    ...differences(interim[0]?.fields ?? [], expect.interimHeaders ?? [], scene),
    ...differences(trailers, expect.trailers ?? [], scene),
  ];
}

function asked({ asked: expected }: Expectation, arrival: Arrival | undefined, scene: Scene): string[] {
  if (expected === undefined) return [];
  if (arrival === undefined) return ['the origin was not asked'];
  return [
    ...differs('method at the origin', arrival.method, expected.method),
    ...differences(arrival.fields, expected.headers ?? [], scene),
    ...present(arrival.fields, expected.missing ?? []),
  ].map((problem) => `origin got ${problem}`);
}

const servedIn = ({ fields }: PlainAnswer): number | undefined => {
  const served = valueOf(fields, 'served');
  return served === undefined ? undefined : Number(served);
};

const ownCacheStatus = ({ fields }: PlainAnswer): string | undefined =>
  valueOf(fields, 'cache-status')?.replace(/^.*shelflife; /, '');

type Answered = Seen & { readonly arrived: readonly Arrival[]; readonly background: number };

/** What speaks against the answer's having come about so; undefined if nothing does. */
function answeredHow(type: Expectation['type'], given: Answered): string | undefined {
  const { answer, arrived, background, scene, script } = given;
  const served = servedIn(answer);
  const isStored = served !== undefined && served < scene.step;
  const isOurs =
    served === undefined && (arrived.length === 0 || valueOf(answer.fields, 'proxy-status') !== undefined);
  const has = (name: string): boolean => arrived.some(({ fields }) => valueOf(fields, name) !== undefined);
  const isConfirmed = script.answer.status === 304 ? isStored : served === scene.step;
  const holds = {
    cached: (arrived.length === 0 || background > 0) && isStored,
    not_cached: arrived.length > 0 && !isStored && !isOurs,
    validated: (has('if-none-match') || has('if-modified-since')) && isConfirmed,
    etag_validated: has('if-none-match') && isConfirmed,
    lm_validated: has('if-modified-since') && isConfirmed,
    stale: arrived.length > 0 && isStored,
    completed: has('range') && !isOurs,
    error: isOurs,
  };
  if (holds[type]) return undefined;
  const told = [`status ${answer.status}`, `served in ${served ?? '-'}`, `${arrived.length} arrived`];
  return `not ${type}: ${told.join(', ')}; ${valueOf(answer.fields, 'cache-status') ?? 'no cache-status'}`;
}

function differs(what: string, value: unknown, expected: unknown): string[] {
  return expected === undefined || value === expected
    ? []
    : [`${what}: ${JSON.stringify(value)}, not ${JSON.stringify(expected)}`];
}
