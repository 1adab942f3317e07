/**
 * Computes a response's lifetime by the operator's rule (CONTRACT §2.1).
 *
 * The base is multiplied by each factor that holds and by the hour's, clamped, jittered, rounded down, and bounded by
 * what the origin said. Every step is kept with the lifetime after it, for `explain`.
 *
 * Promises: pure; the same for a key each time. No factor or jitter takes a lifetime out of its bounds; only the
 * origin's own bound goes below `min`. Never negative.
 */

import { hash } from 'node:crypto';
import type { ContentType, Factor, HourBand, TtlConfig } from '../../config/config.ts';
import { type EpochMs, type Seconds, seconds } from '../../kit/time.ts';
import {
  type Checked,
  type Evidence,
  type Facts,
  type HeldConditions,
  checkCondition,
  checkStored,
} from './conditions.ts';
import { hourBandAt } from './hours.ts';
import { lazyJson } from './json-pointer.ts';

type TtlStep = { readonly lifetime: Seconds } & (
  | { readonly kind: 'base'; readonly from: 'status' | 'content-type' | 'default' }
  | {
      readonly kind: 'factor';
      readonly name: string;
      readonly factor: number;
      readonly holds: boolean;
      readonly conditions: readonly Checked[];
    }
  | { readonly kind: 'hours'; readonly name: string; readonly factor: number }
  | { readonly kind: 'clamp'; readonly min: Seconds; readonly max: Seconds }
  /** `share` was added: -0.05 to 0.05 for a `jitter` of 0.05. The result is rounded down. */
  | { readonly kind: 'jitter'; readonly share: number }
  | { readonly kind: 'origin'; readonly bound: Seconds }
);

type RuleLifetime = { readonly lifetime: Seconds; readonly steps: readonly TtlStep[] };

type LifetimeQuestion = {
  readonly ttl: TtlConfig;
  readonly contentType: ContentType;
  /** From `statuses`, in place of the content type's. */
  readonly statusTtl?: Seconds | undefined;
  readonly now: EpochMs;
  /** The key's digest: the same text gives the same jitter. */
  readonly jitterKey: string;
  readonly facts: Facts;
  /** Present when a stored response's lifetime is recomputed. */
  readonly held?: HeldConditions;
};

/** The lifetime of a response of a `rule` content type, and its steps. */
export function ruleLifetime(question: LifetimeQuestion): RuleLifetime {
  const { ttl, contentType, now, jitterKey, facts, held } = question;
  const evidence: Evidence = { facts, now, json: lazyJson(facts.body) };
  const steps: TtlStep[] = [baseStep(question)];
  const lifetime = (): Seconds => steps.at(-1)?.lifetime ?? seconds(0);
  for (const factor of ttl.factors) steps.push(factorStep(factor, { ...evidence, held }, lifetime()));
  const band = hourBandAt(ttl.hours, ttl.timeZone, now);
  if (band !== undefined) steps.push(hourStep(band, lifetime()));
  const bounds = boundsOf(ttl, contentType);
  steps.push({ kind: 'clamp', ...bounds, lifetime: within(bounds, lifetime()) });
  steps.push(jitterStep(lifetime(), bounds, shareOf(ttl.jitter, jitterKey)));
  if (contentType.cacheControl === 'obey' && facts.originBound !== undefined) {
    steps.push(originStep(facts.originBound, lifetime()));
  }
  return { lifetime: lifetime(), steps };
}

/** Whether the lifetime, or whether to store (`unless`), depends on the body. */
export const mayNeedBody = (ttl: TtlConfig, contentType: ContentType): boolean =>
  contentType.kind === 'rule' &&
  (ttl.factors.some(({ when }) => when.some(({ kind }) => kind === 'json')) ||
    contentType.unless.some(({ kind }) => kind !== 'response_header'));

/** Whether any factor depends on popularity. */
export const asksPopularity = (ttl: TtlConfig): boolean =>
  ttl.factors.some(({ when }) => when.some(({ kind }) => kind === 'access'));

/** Describes a step in words. */
export function describeStep(step: TtlStep): string {
  const after = `→ ${round(step.lifetime)} s`;
  switch (step.kind) {
    case 'base':
      return `base, from the ${step.from === 'default' ? 'default ttl' : step.from.replace('-', ' ')} ${after}`;
    case 'factor':
      return `${step.name} ×${step.factor}: ${step.holds ? 'holds' : 'does not hold'} (${seenBy(step.conditions)}) ${after}`;
    case 'hours':
      return `hour ${step.name} ×${step.factor} ${after}`;
    case 'clamp':
      return `within ${step.min} s and ${step.max} s ${after}`;
    case 'jitter':
      return `jitter ${step.share < 0 ? '−' : '+'}${round(Math.abs(step.share) * 100)} %, whole seconds ${after}`;
    case 'origin':
      return `the origin allows ${round(step.bound)} s ${after}`;
  }
}

type Bounds = { readonly min: Seconds; readonly max: Seconds };

function baseStep({ ttl, contentType, statusTtl }: LifetimeQuestion): TtlStep {
  if (statusTtl !== undefined) return { kind: 'base', from: 'status', lifetime: statusTtl };
  if (contentType.ttl !== undefined) return { kind: 'base', from: 'content-type', lifetime: contentType.ttl };
  return { kind: 'base', from: 'default', lifetime: ttl.default };
}

function factorStep(
  { name, factor, when }: Factor,
  { held, ...evidence }: Evidence & { readonly held: HeldConditions | undefined },
  before: Seconds,
): TtlStep {
  // An unknown condition of a stored response never lengthens its lifetime.
  const unknown = factor < 1;
  const conditions = when.map((condition) =>
    held === undefined
      ? checkCondition(condition, evidence)
      : checkStored(condition, evidence, { held, unknown }),
  );
  const holds = conditions.every((checked) => checked.holds);
  return {
    kind: 'factor',
    name,
    factor,
    holds,
    conditions,
    lifetime: holds ? product(before, factor) : before,
  };
}

const hourStep = ({ name, factor }: HourBand, before: Seconds): TtlStep => ({
  kind: 'hours',
  name,
  factor,
  lifetime: product(before, factor),
});

/** Rounded to the microsecond: 90 × 0.7 is 62.99999999999999 in binary and would be cut to 62. */
const product = (lifetime: Seconds, factor: number): Seconds =>
  seconds(Math.round(lifetime * factor * 1e6) / 1e6);

/** If a type's minimum exceeds the maximum, the maximum wins: shorter is safer. */
const boundsOf = (ttl: TtlConfig, contentType: ContentType): Bounds => ({
  min: contentType.min ?? ttl.min,
  max: contentType.max ?? ttl.max,
});

const within = ({ min, max }: Bounds, lifetime: number): Seconds =>
  seconds(Math.min(max, Math.max(min, lifetime)));

function jitterStep(before: Seconds, bounds: Bounds, share: number): TtlStep {
  const jittered = within(bounds, product(before, 1 + share));
  const lifetime = seconds(Math.max(0, Math.floor(jittered)));
  return { kind: 'jitter', share, lifetime };
}

function shareOf(jitter: number, key: string): number {
  if (jitter === 0) return 0;
  const uniform = parseInt(hash('sha256', key, 'hex').slice(0, 8), 16) / 0xffffffff;
  return jitter * (2 * uniform - 1);
}

const originStep = (bound: Seconds, before: Seconds): TtlStep => ({
  kind: 'origin',
  bound,
  lifetime: seconds(Math.max(0, Math.min(before, Math.floor(bound)))),
});

const round = (value: number): number => Math.round(value * 100) / 100;

const seenBy = (conditions: readonly Checked[]): string =>
  conditions.map(({ condition, seen }) => `${condition.kind}: ${seen ?? 'nothing'}`).join(', ');
