/** Reads `mode`, `rollback` and `rollout`, of the file, a content type or a route, and refuses what shadow mode would make void. */

import { type YAMLMap } from 'yaml';
import { type Rollback, type Rollout, defaults } from '../config.ts';
import { number, percentage, positive, text, word } from '../reader/read-scalar.ts';
import { type Reader, type Reading, optional, or, placeOfKey, required, section } from '../reader/reader.ts';

const rollback: Reader<Rollback> = section(
  {
    stale_above: optional(percentage),
    error_rate_above: optional(percentage),
    for: or(positive, defaults.alert.for),
    min_requests: or(number({ min: 0, max: 1e6, whole: true }), defaults.rollout.minRequests),
  },
  (_, at, node) => {
    if (!node.has('stale_above') && !node.has('error_rate_above'))
      at.report('missing-key', 'expected `stale_above`, `error_rate_above` or both', placeOfKey(node, 'for'));
  },
);

export const rollout: Reader<Rollout> = section({
  percent: required(number({ min: 0, max: 100 })),
  by: or(word(['identity', 'key']), defaults.rollout.by),
  salt: or(text, defaults.rollout.salt),
});

/** The keys of the file that say who is cached. */
export const trust = {
  mode: or(word(['full', 'shadow']), 'full'),
  rollout: optional(rollout),
  rollback: optional(rollback),
};

type Shadowed = { readonly shadow: boolean; readonly rollout: Rollout | undefined };

/** `shadow: true` with `rollout` in one place: nobody would be cached. */
export function refuseVoid({ shadow, rollout: own }: Partial<Shadowed>, at: Reading, node: YAMLMap): void {
  if (shadow === true && own !== undefined)
    at.report('conflicting-keys', voidText('`shadow: true`'), placeOfKey(node, 'rollout'));
}

type Parts = Pick<Shadowed, 'rollout'> & {
  readonly mode: 'full' | 'shadow';
  readonly rollback: Rollback | undefined;
  readonly parts: readonly Shadowed[];
};

/** `mode: shadow` in the file with a rollout anywhere, and `rollback` with none. */
export function checkRollouts(
  { mode, parts, rollback: bounds, rollout: own }: Parts,
  root: YAMLMap | undefined,
  at: Reading,
): void {
  if (root === undefined) return;
  const isRolledOut = [own, ...parts.map((part) => part.rollout)].some((one) => one !== undefined);
  if (mode === 'shadow' && isRolledOut)
    at.report('conflicting-keys', voidText('`mode: shadow`'), placeOfKey(root, 'mode'));
  if (bounds !== undefined && !isRolledOut)
    at.report('conflicting-keys', '`rollback` requires `rollout`', placeOfKey(root, 'rollback'));
}

const voidText = (what: string): string =>
  `${what} puts everybody in shadow; \`rollout\` alone does so with those it leaves out`;
