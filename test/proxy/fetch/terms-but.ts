/** The terms of storing an answer, for tables: those of a plain GET, and variations. */

import { noRequestDirectives } from '../../../src/http/cache-control.ts';
import { seconds } from '../../../src/kit/time.ts';
import { compileRules } from '../../../src/policy/rules/rules.ts';
import type { StorageTerms } from '../../../src/proxy/fetch/storage-terms.ts';
import type { StoredHead } from '../../../src/proxy/fetch/storing.ts';
import { after } from '../../../src/kit/time.ts';
import { configOf } from '../../policy/config-of.ts';
import { keyOf, storedAt } from '../../store/entry.ts';

/** Terms of `GET /a/1` under rules as text. */
export function termsBut(rules: string, change: Partial<StorageTerms> = {}): StorageTerms {
  const config = configOf(rules);
  const request = { scheme: 'http', path: '/a/1', query: undefined, fields: [] } as const;
  return {
    match: compileRules(config).match('GET', request.path, request),
    identity: { kind: 'anonymous' },
    plan: {
      key: keyOf('a'),
      partition: 'public',
      upstreamFields: () => [],
      selectingFields: () => request.fields,
    },
    host: 'example.org',
    target: request.path,
    query: undefined,
    directives: noRequestDirectives,
    method: 'GET',
    request,
    config,
    lifetimeRule: 'rule',
    isPopular: false,
    ...change,
  };
}

/** A 200 asked for at `storedAt`, answered a second later. */
export const headBut = (fields: readonly string[] = [], change: Partial<StoredHead> = {}): StoredHead => ({
  status: 200,
  fields,
  requestTime: storedAt,
  responseTime: after(storedAt, seconds(1)),
  aheadMs: 0,
  ...change,
});
