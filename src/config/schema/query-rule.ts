/** The checked form of `query` and `vary` in a content type. */

/** Which query parameters make a difference. Patterns may contain `*`. */
export type QueryRule = (
  | { readonly kind: 'all' }
  | { readonly kind: 'ignore'; readonly patterns: readonly string[] }
  | { readonly kind: 'only'; readonly names: readonly string[] }
) & {
  /** With this value they ask for the origin's own answer, which takes the place of what is stored without them. */
  readonly reload?: readonly { readonly name: string; readonly value: string }[];
  /** Of these parameters' values, only the part before the text `at` counts and is sent. */
  readonly cut: readonly { readonly name: string; readonly at: string }[];
};

/** What in a request makes another copy, besides its URL and who asks. */
export type Vary = {
  readonly cookies: readonly string[];
  readonly headers: readonly string[];
  /** Of `identity.flask_session.ignore_claims`. */
  readonly claims?: readonly string[] | undefined;
};
