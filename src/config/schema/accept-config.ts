/** By which of its fields the app may say tags, lifetimes and purges, and which of them clients do not get. */

import {
  type AppField,
  type LifetimeField,
  type PurgeField,
  type TagField,
  tagFields,
} from '../../http/app-fields.ts';
import { targetedNames } from '../../http/cache-control.ts';

export type Accept = {
  readonly tags: readonly TagField[];
  /** The first that a response has replaces its `Cache-Control`. */
  readonly lifetimes: readonly LifetimeField[];
  readonly purges: readonly PurgeField[];
  /** Whether a response may declare which parameters of its query do not matter. */
  readonly noVarySearch: boolean;
  /** Removed from what clients get. */
  readonly remove: readonly AppField[];
};

/** Tags in any field, otherwise what RFC 9213 and RFC 9875 define; every field reaches the client. */
export const acceptDefaults: Accept = {
  tags: tagFields,
  lifetimes: targetedNames,
  purges: ['cache-group-invalidation'],
  noVarySearch: false,
  remove: [],
};
