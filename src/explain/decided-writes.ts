/**
 * Which write rules an exchange comes under, and why, as the request path decides it.
 */

import { createDecide, type Decide, type Decided } from '../policy/rules/exchange-conditions.ts';
import type { WriteMatch } from '../policy/rules/rules.ts';
import type { WriteRule } from '../config/config.ts';
import type { ClientRequest } from '../proxy/exchange/client-request.ts';
import type { Services } from '../proxy/exchange/exchange.ts';
import { exchangeFacts, writersOf } from '../proxy/pass/end-stale.ts';
import type { EpochMs } from '../kit/time.ts';
import type { DryAnswer } from './dry-run.ts';

/** A rule that matches the request, and whether its conditions hold. */
export type DecidedWrite = { readonly rule: WriteRule } & Decided;

/** The rules for a request, those only that its answer does not exclude. */
export async function decidedWrites(
  { site }: Pick<Services, 'site'>,
  exchange: {
    readonly request: ClientRequest;
    readonly requestBody: Buffer | undefined;
    readonly answer: DryAnswer;
    readonly now: EpochMs;
  },
): Promise<readonly DecidedWrite[]> {
  const { request, requestBody, answer, now } = exchange;
  const { rules } = site();
  const outcome = { kind: 'response', ...answer } as const;
  const facts = exchangeFacts({ request }, outcome, requestBody);
  const candidates = rules.matchWrites(request.method, request.path, request);
  const found = new Map<string, DecidedWrite>();
  for (const { writer } of await writersOf({ request, site: site(), now }, outcome)) {
    const decide = createDecide({ writer, ...facts });
    for (const write of candidates.flatMap((rules) => inQuestion(rules, decide))) {
      const before = found.get(write.rule.name);
      if (before === undefined || before.decision === 'fails') found.set(write.rule.name, write);
    }
  }
  return [...found.values()];
}

function inQuestion(candidates: readonly WriteMatch[], decide: Decide): readonly DecidedWrite[] {
  const decided = candidates.map(({ rule }) => ({ rule, ...decide(rule) }));
  const last = decided.findIndex(({ decision }) => decision === 'holds');
  return last < 0 ? decided : decided.slice(0, last + 1);
}

/** Whether a rule counts: one that cannot be decided does. */
export const applies = ({ decision }: Decided): boolean => decision !== 'fails';
