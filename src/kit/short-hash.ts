/** A short name for what would be a long one. */

import { hash } from 'node:crypto';

/** 96 bits in base64url, of the value's JSON: equal for equal values, and no way back. */
export const shortHash = (value: unknown): string =>
  hash('sha256', JSON.stringify(value), 'base64url').slice(0, 16);
