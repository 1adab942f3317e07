/** Converts the cases of the pure rules to the form that runs over sockets. */

import type { AnsweredBy, ExchangeCase, OriginResponse, Step as ExchangeStep } from '../case.ts';
import type { AnswerType, Case, Expectation, OriginAnswer, Step } from './form.ts';

/** The host the tables name; each case is run with one of its own in its place. */
const tableHost = /www\.example\.org/gi;

/** The same case for sockets, on `host`. */
export function overSockets(one: ExchangeCase, host: string): Case {
  const onHost = (lines: readonly string[] = []): string[] =>
    lines.map((line) => line.replaceAll(tableHost, host));
  let elapsed = 0;
  let delay = 0;
  const requests = one.steps.map((step): Step => {
    const pause = Math.max(0, (step.at ?? 0) - elapsed);
    if (step.origin !== undefined) delay = step.origin === 'unreachable' ? 0 : (step.origin.delay ?? 0);
    elapsed += pause + (isAsked(step.by) ? delay : 0);
    const response = answerOf(step.origin, onHost);
    return {
      method: step.method ?? 'GET',
      target: step.target ?? '/',
      headers: onHost(step.fields),
      pause,
      ...(response === undefined ? {} : { response }),
      expect: expectationOf(step, onHost),
    };
  });
  const { id, section, title } = one;
  return { id, section, title, requests };
}

const isAsked = (by: AnsweredBy): boolean => by === 'origin' || by === 'validated';

type OnHost = (lines?: readonly string[]) => string[];

function answerOf(origin: ExchangeStep['origin'], onHost: OnHost): OriginAnswer | undefined {
  if (origin === undefined) return undefined;
  if (origin === 'unreachable') return { breaks: 'before-head' };
  const { status, fields, date, delay }: OriginResponse = origin;
  return {
    headers: onHost(fields),
    body: 'x'.repeat(100),
    ...(status === undefined ? {} : { status }),
    ...(date === undefined ? {} : { date }),
    ...(delay === undefined ? {} : { delay }),
  };
}

const types: Readonly<Record<AnsweredBy, AnswerType>> = {
  origin: 'not_cached',
  store: 'cached',
  validated: 'validated',
  'gateway-timeout': 'error',
  'bad-gateway': 'error',
};
const statuses: Partial<Record<AnsweredBy, number>> = { 'gateway-timeout': 504, 'bad-gateway': 502 };

/** The proxy has such fields of its own, between itself and its client. */
const ownOfConnection: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding']);

function isTrouble(origin: ExchangeStep['origin']): boolean {
  return origin === 'unreachable' || (origin?.status ?? 200) >= 500;
}

function expectationOf(step: ExchangeStep, onHost: OnHost): Expectation {
  const { by, of, has, lacks, forwards, forwardsNot } = step;
  const status = step.status ?? statuses[by];
  const type = by === 'store' && isTrouble(step.origin) ? 'stale' : types[by];
  return {
    type,
    headers: onHost(has),
    missing: (lacks ?? []).filter((name) => !ownOfConnection.has(name.toLowerCase())),
    ...(of === undefined || by === 'origin' ? {} : { of }),
    ...(status === undefined ? {} : { status }),
    ...(forwards === undefined && forwardsNot === undefined
      ? {}
      : { asked: { headers: onHost(forwards), missing: forwardsNot ?? [] } }),
  };
}
