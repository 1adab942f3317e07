/**
 * What counts as trouble of the origin. Each question has its own predicate, because each answer has another cost; the comment
 * says what is different.
 */

import type { Seconds } from '../kit/time.ts';
import type { FailureReason } from './failure.ts';

/** The result of a call, as soon as it is known: with the head of its answer, or without one. */
export type OriginNews =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfter?: Seconds | undefined }
  | { readonly kind: 'failed'; readonly reason: FailureReason };

/** RFC 5861 §4, for `stale-if-error`: exactly the statuses it names. */
export const isOriginError = (status: number): boolean =>
  status === 500 || status === 502 || status === 503 || status === 504;

/**
 * The answer does not take the place of what is stored: the errors above, and 429, which says no more about the resource. In
 * the background no client waits for the answer, so any 5xx leaves what is stored.
 */
export const leavesStored = (status: number, isBackground: boolean): boolean =>
  isOriginError(status) || status === 429 || (isBackground && status >= 500);

/** The counters and alerts: any 5xx. RFC 9110 §15.6.2: 501 says that a method is not known, which is the client's error. */
export const countsAsError = (status: number): boolean => status >= 500 && status !== 501;

/** Background work slows down: the same, and 429, which asks for fewer requests; of failures all but a client that left. */
export const asksForLess = (news: OriginNews): boolean =>
  news.kind === 'failed' ? news.reason !== 'aborted' : news.status === 429 || countsAsError(news.status);

/**
 * The breaker: only what says that nobody answers. A 500 is one page's fault, a 429 or other 4xx one client's. A truncated body
 * had a beginning. A client that disconnects says nothing about the origin.
 */
export function breakerVerdict(news: OriginNews): 'well' | 'failure' | 'nothing' {
  if (news.kind === 'answered') return news.status >= 502 && news.status <= 504 ? 'failure' : 'well';
  switch (news.reason) {
    case 'refused':
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
