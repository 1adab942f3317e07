/** Whether a route or a write rule with a `when` applies to a request. Of repeated parameters any may match. */

import type { RequestCondition } from '../../config/schema/condition.ts';
import { fieldLines } from '../../http/fields.ts';
import type { Fields } from '../../http/message.ts';
import { fieldHolds } from './conditions.ts';
import { queryValues } from '../key/query-values.ts';

export type Asked = {
  readonly query: string | undefined;
  readonly fields: Fields;
};

/** Whether all conditions hold. */
export const requestHolds = (conditions: readonly RequestCondition[], asked: Asked): boolean =>
  conditions.every((condition) => holds(condition, asked));

function holds(condition: RequestCondition, { query, fields }: Asked): boolean {
  switch (condition.kind) {
    case 'query':
      return queryValues(query, condition.name).includes(condition.value);
    case 'any_query':
      return query !== undefined && condition.names.some((name) => queryValues(query, name).length > 0);
    case 'request_header':
      return fieldHolds(fields, condition);
    case 'any_request_header':
      return condition.names.some((name) => fieldLines(fields, name).length > 0);
  }
}
