/** The form of cases with a write between two requests for a stored response. */

import { type Expectation, fresh, type OriginAnswer } from './form.ts';

export const cached: Expectation = { type: 'cached', of: 1 };
export const notCached: Expectation = { type: 'not_cached' };

export type Write = {
  readonly method?: string;
  readonly target?: string;
  readonly response?: OriginAnswer;
  readonly of?: string;
  readonly body?: string;
};

/** A response of `of` is stored, a write passes, and it is asked for again. */
export const written = (
  id: string,
  title: string,
  { method = 'POST', target = '', response = {}, of = '', body = 'a=1' }: Write,
  expect: Expectation,
  more: readonly string[] = [],
) => ({
  id: `invalidate-${id}`,
  title,
  requests: [
    { target: of, response: fresh(...more), expect: notCached },
    { method, target, body, response, expect: notCached },
    { target: of, response: fresh(), expect },
  ],
});
