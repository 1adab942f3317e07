/** What counts as trouble of the origin: a predicate for each question, because each answer has another cost. */

import type { Seconds } from '../kit/time.ts';
import { type FailureReason, isUnreachable } from './failure.ts';

/** The result of a call, as soon as it is known: with the head of its answer, or without one. */
export type OriginNews =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfter?: Seconds | undefined }
  | { readonly kind: 'failed'; readonly reason: FailureReason };

type WorkEnd = { readonly status: number | undefined; readonly failure: FailureReason | undefined };

/** RFC 5861 §4, for `stale-if-error`: exactly the statuses it names. */
export const isOriginError = (status: number): boolean =>
  status === 500 || status === 502 || status === 503 || status === 504;

/** What is stored stays: the errors above, and 429; in the background, where no client waits, any 5xx. */
export const leavesStored = (status: number, isBackground: boolean): boolean =>
  isOriginError(status) || status === 429 || (isBackground && status >= 500);

/** The answer says nothing about the next one, so those who come next may wait for it: a 5xx. */
export const isPassing = (status: number): boolean => status >= 500;

/** All who wait for one fetch share its failure: the origin is away or silent. A reset or a cut body may be bad luck. */
export const failsEverybody = (reason: FailureReason): boolean =>
  isUnreachable(reason) || reason === 'head-timeout';

/** The counters and alerts: a 5xx. RFC 9110 §15.6.2: 501 says that a method is not known, which is the client's error. */
export const countsAsError = (status: number): boolean => status >= 500 && status !== 501;

/** Background work slows down: the same, and 429, which asks for fewer requests; of failures all but a client that left. */
export const asksForLess = (news: OriginNews): boolean =>
  news.kind === 'failed' ? news.reason !== 'aborted' : news.status === 429 || countsAsError(news.status);

/** The governor's count of failed work: no complete answer, or any 5xx. */
export const countsAsFailedWork = ({ status, failure }: WorkEnd): boolean =>
  failure !== undefined || (status ?? 500) >= 500;

/** Asking ahead brought nothing: no answer, any 5xx, or 429. An aborted one counts by its status: we abort a body we do not store. */
export const asksInVain = ({ status, failure }: WorkEnd): boolean =>
  status === undefined || status >= 500 || status === 429 || (failure !== undefined && failure !== 'aborted');

/**
 * A call that failed before any head tells of the origin. One that was not sent does so only without a connection: else it
 * waited for one that slow clients hold. With a body, the origin may have waited for the client.
 */
export const tellsOfOrigin = (reason: FailureReason, { hasBody, wasSent }: SentRequest): boolean =>
  (wasSent && !hasBody) || isUnreachable(reason);

type SentRequest = { readonly hasBody: boolean; readonly wasSent: boolean };

/** The breaker: only what says that nobody answers. A 500 is one page's fault, a 429 one client's. */
export function breakerVerdict(news: OriginNews): 'well' | 'failure' | 'nothing' {
  if (news.kind === 'answered') return news.status >= 502 && news.status <= 504 ? 'failure' : 'well';
  switch (news.reason) {
    case 'refused':
    case 'unroutable':
    case 'dns':
    case 'tls-certificate':
    case 'tls-protocol':
    case 'connect-timeout':
    case 'head-timeout':
    case 'reset':
    case 'malformed':
      return 'failure';
    case 'aborted':
    case 'body-timeout':
    case 'truncated':
      return 'nothing';
    default:
      return news.reason satisfies never;
  }
}
