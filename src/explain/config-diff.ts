/**
 * What changes between two configurations: for which routes, for which writes, in which other settings, and what a reload
 * would end of what is stored.
 *
 * Promise: no secret is shown. Of a key that may hold one, only its name.
 */

import { isDeepStrictEqual } from 'node:util';
import type { Config, ContentType, ExchangeCondition, RequestCondition } from '../config/config.ts';
import { showDuration } from '../config/reader/scalar.ts';
import { endedByChange } from '../policy/rules/config-change.ts';
import { seconds } from '../kit/time.ts';

export type Difference = {
  /** The key as in the file, below the content type or from the root. */
  readonly key: string;
  readonly before: string;
  readonly after: string;
};

/** A route or a write rule; several routes of one content type have the same differences. */
export type RuleChange = {
  readonly change: 'added' | 'removed' | 'changed';
  readonly rule: string;
  readonly differences: readonly Difference[];
};

export type ConfigDiff = {
  readonly routes: readonly RuleChange[];
  readonly writes: readonly RuleChange[];
  /** The same rules in another order: other rules may match first. */
  readonly reordered: readonly ('routes' | 'writes')[];
  readonly settings: readonly Difference[];
  readonly ends: 'nothing' | 'everything' | readonly string[];
};

/** Compares two configurations; `reloaded`: what of the second a reload puts in force. */
export function diffConfigs(before: Config, after: Config, reloaded: Config): ConfigDiff {
  const routes = [routesOf(before), routesOf(after)] as const;
  const writes = [writesOf(before), writesOf(after)] as const;
  const ended = endedByChange(before, reloaded);
  return {
    routes: changesOf(...routes),
    writes: changesOf(...writes),
    reordered: [
      ...(isReordered(...routes) ? ['routes' as const] : []),
      ...(isReordered(...writes) ? ['writes' as const] : []),
    ],
    settings: differencesOf(settingsOf(before), settingsOf(after)),
    ends:
      ended === undefined
        ? 'nothing'
        : ended.everything
          ? 'everything'
          : ended.tags.map((tag) => tag.slice('type:'.length)),
  };
}

type Facts = Readonly<Record<string, string>>;
type Rules = ReadonlyMap<string, Facts>;

function changesOf(before: Rules, after: Rules): readonly RuleChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.flatMap((rule): RuleChange[] => {
    const [old, now] = [before.get(rule), after.get(rule)];
    const differences = differencesOf(old ?? {}, now ?? {});
    if (old !== undefined && now !== undefined && differences.length === 0) return [];
    const change = old === undefined ? 'added' : now === undefined ? 'removed' : 'changed';
    return [{ change, rule, differences: change === 'removed' ? [] : differences }];
  });
}

function isReordered(before: Rules, after: Rules): boolean {
  const common = (of: Rules, other: Rules) => [...of.keys()].filter((name) => other.has(name));
  return !isDeepStrictEqual(common(before, after), common(after, before));
}

function differencesOf(before: Facts, after: Facts): readonly Difference[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys
    .map((key) => ({ key, before: before[key] || 'none', after: after[key] || 'none' }))
    .filter((one) => one.before !== one.after)
    .map((one) => (mayBeSecret.test(one.key) ? { ...one, before: 'not shown', after: 'not shown' } : one));
}

const mayBeSecret = /(secret|token|password|login|webhook|sha256|(server|key)\.url)$/;

/** Each route, with all that its content type says of it. */
function routesOf(config: Config): Rules {
  const facts = config.routes.map(({ methods, pattern, when, type, tags }): [string, Facts] => [
    ruleText(methods, pattern, when),
    { type, 'route.tags': shown(tags), ...typeFacts(config, type) },
  ]);
  const { unmatched } = config;
  return new Map([...facts, ['(anything else)', { type: unmatched, ...typeFacts(config, unmatched) }]]);
}

function typeFacts(config: Config, name: string): Facts {
  const type: ContentType | undefined = config.contentTypes.get(name);
  if (type === undefined) return {};
  const { kind: _, name: __, ...keys } = type;
  const { ttl } = config;
  const bounds =
    type.kind === 'rule'
      ? { ttl: type.ttl ?? ttl.default, min: type.min ?? ttl.min, max: type.max ?? ttl.max }
      : {};
  return flat('', { ...keys, ...bounds });
}

const writesOf = ({ writes }: Config): Rules =>
  new Map(
    writes.flatMap(({ matches, when, exchangeWhen, invalidate }) =>
      matches.map(({ methods, pattern }): [string, Facts] => [
        ruleText(methods, pattern, [...when, ...exchangeWhen]),
        { invalidate: shown(invalidate) },
      ]),
    ),
  );

/** Everything that is not a rule. */
function settingsOf({
  contentTypes: _,
  routes: __,
  writes: ___,
  unmatched: ____,
  ...settings
}: Config): Facts {
  return flat('', settings);
}

function ruleText(
  methods: readonly string[],
  pattern: string,
  when: readonly (RequestCondition | ExchangeCondition)[],
): string {
  const conditions = when.map((condition) => JSON.stringify(condition)).join(' and ');
  return `${methods[0] ?? ''} ${pattern}${conditions === '' ? '' : ` when ${conditions}`}`;
}

const durations =
  /(^|\.)(ttl|min|max|default|per|lag|every|for|deadline|settle|max_age|active_within|fallback_ttl|resolve_every|stale_\w+|\w+_timeout)$/;

/** The values in a tree by their keys in the file. A list is one value, unless its entries have names. */
function flat(key: string, value: unknown): Facts {
  if (value === undefined) return {};
  if (Array.isArray(value) && value.some(hasName))
    return flat(key, Object.fromEntries(value.filter(hasName).map((entry) => [entry.name, entry])));
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map)) {
    const entries = Object.entries(value).map(([name, inner]) => flat(joined(key, snake(name)), inner));
    return Object.assign({}, ...entries) as Facts;
  }
  return {
    [key]: durations.test(key) && typeof value === 'number' ? showDuration(seconds(value)) : shown(value),
  };
}

const hasName = (value: unknown): value is { readonly name: string } =>
  typeof value === 'object' && value !== null && 'name' in value && !('kind' in value);

function shown(value: unknown): string {
  if (value instanceof Map)
    return [...(value as Map<unknown, unknown>)]
      .map(([name, of]) => (of === undefined ? String(name) : `${String(name)}: ${shown(of)}`))
      .join(', ');
  if (Array.isArray(value)) return value.map(shown).join(', ');
  if (typeof value !== 'object' || value === null) return String(value);
  return 'raw' in value ? String(value.raw) : JSON.stringify(value);
}

const joined = (key: string, name: string): string => (key === '' ? name : `${key}.${name}`);
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
