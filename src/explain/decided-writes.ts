/**
 * Which write rules an exchange comes under, and why, as the request path decides it.
 */

import { createDecide, type Decided } from '../policy/rules/exchange-conditions.ts';
import type { WriteRule } from '../config/config.ts';
import type { ClientRequest } from '../proxy/exchange/client-request.ts';
import type { Services } from '../proxy/exchange/exchange.ts';
import { exchangeFacts } from '../proxy/pass/end-stale.ts';
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
  const { rules, identify } = site();
  const identity = await identify(request, now);
  const outcome = { kind: 'response', ...answer } as const;
  const decide = createDecide({ writer: identity.kind, ...exchangeFacts({ request }, outcome, requestBody) });
  return rules.matchWrites(request.method, request.path, request).flatMap((candidates) => {
    const decided = candidates.map(({ rule }) => ({ rule, ...decide(rule) }));
    const last = decided.findIndex(({ decision }) => decision === 'holds');
    return last < 0 ? decided : decided.slice(0, last + 1);
  });
}

/** Whether a rule counts: one that cannot be decided does. */
export const applies = ({ decision }: Decided): boolean => decision !== 'fails';
