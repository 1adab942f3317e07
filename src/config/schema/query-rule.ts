/**
 * `query` of a content type in its checked form.
 */

/** Which query parameters make a difference. Patterns may hold `*`. */
export type QueryRule = (
  | { readonly kind: 'all' }
  | { readonly kind: 'ignore'; readonly patterns: readonly string[] }
  | { readonly kind: 'only'; readonly names: readonly string[] }
) & {
  /** Of these parameters' values only what is before the text `at` counts and is sent. */
  readonly cut: readonly { readonly name: string; readonly at: string }[];
};
