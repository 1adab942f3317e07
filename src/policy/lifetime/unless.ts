/** Detects a 200 that is really a failure, to be delivered but not stored (`unless` of a content type). */

import type { Unless } from '../../config/schema/condition.ts';
import type { Fields } from '../../http/message.ts';
import { fieldHolds } from './conditions.ts';
import { lazyJson, valueAt } from './json-pointer.ts';

type UnlessFacts = {
  readonly status: number;
  readonly fields: Fields;
  /** The whole body without content coding; if undefined, no condition on its content holds. */
  readonly body: Buffer | undefined;
  readonly bodyBytes?: number | undefined;
};

/** The first condition that holds, or undefined. */
export function unlessHolds(
  unless: readonly Unless[],
  { status, fields, body, bodyBytes = body?.byteLength }: UnlessFacts,
): Unless | undefined {
  if (status !== 200 || unless.length === 0) return undefined;
  const json = lazyJson(() => body);
  return unless.find((condition) => {
    switch (condition.kind) {
      case 'response_header':
        return fieldHolds(fields, condition);
      case 'json':
        return valueAt(json(), condition.pointer) === condition.value;
      case 'body_contains':
        return body?.includes(condition.text, 0, 'utf8') === true;
      case 'smaller_than':
        return bodyBytes !== undefined && bodyBytes < condition.bytes;
    }
  });
}
