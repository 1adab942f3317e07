/** The checked form of `query` in a content type. */

/** Which query parameters make a difference. Patterns may contain `*`. */
export type QueryRule = (
  | { readonly kind: 'all' }
  | { readonly kind: 'ignore'; readonly patterns: readonly string[] }
  | { readonly kind: 'only'; readonly names: readonly string[] }
) & {
  /** Of these parameters' values, only the part before the text `at` counts and is sent. */
  readonly cut: readonly { readonly name: string; readonly at: string }[];
};
