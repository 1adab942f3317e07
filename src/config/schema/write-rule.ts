/**
 * The checked form of a write rule, and of its conditions that the head of a request does not decide.
 */

import type { Literal, RequestCondition } from './condition.ts';
import type { TagTemplate } from './tag-template.ts';

export type WriteRule = {
  /** As given, or the first match, numbered where several rules have the same. */
  readonly name: string;
  readonly matches: readonly { readonly methods: readonly string[]; readonly pattern: string }[];
  /** As in a route. */
  readonly when: readonly RequestCondition[];
  /** All must hold too; they are decided at the end of the exchange. */
  readonly exchangeWhen: readonly ExchangeCondition[];
  readonly invalidate: readonly TagTemplate[];
};

/** What must be at a place in a body: something, nothing, nothing beside it, or this value. */
export type Expected =
  { readonly kind: 'present' | 'absent' | 'only' } | { readonly kind: 'equal'; readonly value: Literal };

/**
 * A condition of a write rule that the head of the request does not decide: on its writer, its body or its answer. `any_…`:
 * one of these is present.
 */
export type ExchangeCondition =
  | { readonly kind: 'identity'; readonly is: 'known' | 'anonymous' }
  | {
      readonly kind: 'json' | 'response_json';
      readonly pointer: readonly string[];
      readonly expected: Expected;
    }
  | { readonly kind: 'any_json' | 'any_response_json'; readonly pointers: readonly (readonly string[])[] }
  | { readonly kind: 'form'; readonly name: string; readonly expected: Expected }
  | { readonly kind: 'any_form'; readonly names: readonly string[] }
  | { readonly kind: 'response_status'; readonly statuses: readonly number[] }
  | { readonly kind: 'response_header'; readonly name: string; readonly value: string }
  | { readonly kind: 'any_response_header'; readonly names: readonly string[] };
