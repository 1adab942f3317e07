/** Tokens of the control API beside `control.token`: named, limited to scopes, and known by their digests only. */

/** `read`: look. `purge`: purge. `admin`: everything, also reload and warm up. */
export const scopes = ['read', 'purge', 'admin'] as const;
export type Scope = (typeof scopes)[number];

export type ControlToken = {
  readonly name: string;
  /** SHA-256 of the token, hexadecimal; several while it is being rotated. */
  readonly sha256: readonly string[];
  readonly scopes: readonly Scope[];
  /** At most so many requests a minute; absent: no limit. */
  readonly perMinute: number | undefined;
};
