/**
 * Issue 13.9: no key is accepted and ignored. Another value of any key changes the checked configuration or is refused as not
 * implemented, and every value in the configuration is read outside src/config.
 */

import { globSync, readFileSync } from 'node:fs';
import t from 'tap';
import ts from 'typescript';
import { parse as parseYaml } from 'yaml';
import { parseConfig, schemaKeys } from '../../src/config/schema/check.ts';
import { parse as parseSource, walk } from '../architecture/source.ts';

type Tree = Record<string, unknown>;
const root = `${import.meta.dirname}/../..`;
const reference = parseYaml(readFileSync(`${root}/config/shelflife.yaml`, 'utf8')) as Tree;

/** Other values of keys that take neither more text nor another number. */
const others: Readonly<Record<string, unknown>> = {
  'upstream.url': 'http://127.0.0.1:81',
  'upstream.host': 'upstream',
  'listen.address': '0.0.0.0:81',
  'listen.trusted_proxies': ['192.168.0.0/16'],
  'control.address': '127.0.0.1:82',
  'accept.tags': ['xkey'],
  'accept.lifetimes': ['x-accel-expires'],
  'accept.purges': ['x-litespeed-purge'],
  'accept.remove': ['xkey'],
  'store.coherence': 'strict',
  'store.redis.url': 'redis://localhost/2',
  'ttl.time_zone': 'Europe/Paris',
  'ttl.factors[].when.status': 404,
  'rollout.by': 'key',
  'content_types.*.rollout.by': 'key',
  'routes[].rollout.by': 'key',
  'content_types.*.scope': 'public',
  'content_types.*.cache_control': 'override',
  'content_types.*.set_cookie': 'strip',
  'content_types.*.client_reload': 'ignore',
  'routes[].type': 'public_stats',
  unmatched: 'pass',
  'audit.sample': '1%',
  'alerts[].when.stale_above': '1%',
  'writes[].when.identity': 'anonymous',
  'refresh[].type': 'public_stats',
  'report.every': 'day',
  'report.day': 'monday',
  'log.level': 'debug',
  'log.format': 'ecs',
  'log.requests': 'all',
};

/** Keys that the reference has in comments only, or that cannot take another value alone: `<this|or that>`. */
const written: Readonly<Record<string, string>> = {
  'upstream.tls.server_name': 'upstream: { url: "https://h", tls: { server_name: <a|b> } }',
  'upstream.tls.ca': 'upstream: { url: "https://h", tls: { ca: <a|b> } }',
  'upstream.tls.cert': 'upstream: { url: "https://h", tls: { cert: <a|b>, key: k } }',
  'upstream.tls.key': 'upstream: { url: "https://h", tls: { cert: c, key: <a|b> } }',
  'upstream.tls.reject_unauthorized':
    'upstream: { url: "https://h", tls: { reject_unauthorized: <true|false> } }',
  'listen.tls.cert': 'listen: { tls: { cert: <a|b>, key: k } }',
  'listen.tls.key': 'listen: { tls: { cert: c, key: <a|b> } }',
  'listen.tls.server_name': 'listen: { tls: { cert: c, key: k, server_name: <a|b> } }',
  'listen.tls.ca': 'listen: { tls: { cert: c, key: k, ca: <a|b> } }',
  'listen.tls.min_version': 'listen: { tls: { cert: c, key: k, min_version: 1.<2|3> } }',
  'listen.tls.ciphers': 'listen: { tls: { cert: c, key: k, ciphers: <a|b> } }',
  'listen.redirect': 'listen: { tls: { cert: c, key: k }, redirect: "h:<1|2>" }',
  'control.token': `control: { token: <${'a'.repeat(32)}|${'b'.repeat(32)}> }`,
  'control.tokens[].name': `control: { tokens: [{ name: <a|b>, sha256: ${'a'.repeat(64)}, scopes: [read] }] }`,
  'control.tokens[].sha256': `control: { tokens: [{ name: a, sha256: ${'a'.repeat(63)}<a|b>, scopes: [read] }] }`,
  'control.tokens[].scopes': `control: { tokens: [{ name: a, sha256: ${'a'.repeat(64)}, scopes: [<read|purge>] }] }`,
  'control.tokens[].per_minute': `control: { tokens: [{ name: a, sha256: ${'a'.repeat(64)}, scopes: [read], per_minute: <1|2> }] }`,
  'store.redis.cluster': 'store: { redis: { cluster: ["<a|b>:1"] } }',
  'store.redis.sentinels': 'store: { redis: { sentinels: ["<a|b>:1"], name: m } }',
  'store.redis.name': 'store: { redis: { sentinels: ["h:1"], name: <a|b> } }',
  'store.redis.database': 'store: { redis: { sentinels: ["h:1"], name: m, database: <1|2> } }',
  'store.redis.username': 'store: { redis: { cluster: ["h:1"], username: <a|b>, password: p } }',
  'store.redis.password': 'store: { redis: { cluster: ["h:1"], password: <a|b> } }',
  'store.redis.sentinel_username':
    'store: { redis: { sentinels: ["h:1"], name: m, sentinel_username: <a|b>, sentinel_password: p } }',
  'store.redis.sentinel_password':
    'store: { redis: { sentinels: ["h:1"], name: m, sentinel_password: <a|b> } }',
  'store.redis.tls.ca': 'store: { redis: { url: "redis://h", tls: { ca: <a|b> } } }',
  'store.redis.tls.cert': 'store: { redis: { url: "redis://h", tls: { cert: <a|b>, key: k } } }',
  'store.redis.tls.key': 'store: { redis: { url: "redis://h", tls: { cert: c, key: <a|b> } } }',
  'store.redis.owner': 'store: { redis: { url: "redis://h", owner: <a|b> } }',
  mode: 'mode: <full|shadow>',
  'rollback.stale_above': '{ rollout: { percent: 5 }, rollback: { stale_above: <1%|2%> } }',
  'rollback.error_rate_above': '{ rollout: { percent: 5 }, rollback: { error_rate_above: <1%|2%> } }',
  'rollback.for': '{ rollout: { percent: 5 }, rollback: { stale_above: 1%, for: <1m|2m> } }',
  'rollback.min_requests': '{ rollout: { percent: 5 }, rollback: { stale_above: 1%, min_requests: <1|2> } }',
  'identity.flask_session.secret': 'identity: { flask_session: { secret: <a|b> } }',
  'identity.flask_session.ignore_claims': 'identity: { flask_session: { ignore_claims: [<a|b>] } }',
  'content_types.*.vary.claims':
    'identity: { flask_session: { ignore_claims: [a, b] } }\ncontent_types: { t: { vary: { claims: [<a|b>] } } }\nroutes: [{ match: GET /a, type: t }]',
  'identity.jwt.header': 'identity: { jwt: { header: <a|b>, secret: s } }',
  'identity.jwt.secret': 'identity: { jwt: { cookie: c, secret: <a|b> } }',
  // The hours cover the day, so that neither end moves alone.
  'ttl.hours[].from': 'ttl: { hours: [{ name: a, factor: 2, from: "0<1|2>:00", to: "0<1|2>:00" }] }',
  'ttl.hours[].to': 'ttl: { hours: [{ name: a, factor: 2, from: "0<1|2>:00", to: "0<1|2>:00" }] }',
  'writes[].when.json': 'writes: [{ match: POST /a, when: { json: { /a: <1|2> } }, invalidate: [] }]',
  // These take one value only.
  'ttl.factors[].when.access':
    'ttl: { factors: [{ name: a, factor: 2, when: { <access: high|status: 404> } }] }',
  'alerts[].when.redis_down': 'alerts: [{ name: a, when: { <redis_down: true|memory_above: 1MiB> } }]',
  'alerts[].when.leak_suspected':
    'alerts: [{ name: a, when: { <leak_suspected: true|memory_above: 1MiB> } }]',
};

/** Two texts that differ in one key. */
type Pair = readonly [string, string];
type Probes = ReadonlyMap<string, readonly Pair[]>;

function pairOf(template: string): Pair {
  const side = (of: '$1' | '$2') => template.replaceAll(/<([^|]*)\|([^>]*)>/g, of);
  return [side('$1'), side('$2')];
}

/** Values to try instead of one in the reference: the first that is accepted tells. */
function otherValues(value: unknown): readonly unknown[] {
  if (typeof value === 'boolean') return [!value];
  if (typeof value === 'number') return [value + 1, value / 2];
  if (typeof value === 'string') return [`${value}x`, '7s', '7m', '7MiB', '07:00'];
  if (Array.isArray(value)) return [[...(value as unknown[]), `${String(value.at(-1))}x`]];
  return [
    { ...(value as Tree), '/201': '7s' },
    { ...(value as Tree), 201: '7s' },
  ];
}

/** Every way to write one section of the reference with another value of one key. */
function probesIn(reference: Tree, leaves: ReadonlySet<string>): Probes {
  const probes = new Map<string, Pair[]>();
  for (const name of Object.keys(reference)) {
    const base: Tree = structuredClone({
      upstream: 'http://127.0.0.1:5000',
      content_types: reference['content_types'],
      identity: reference['identity'],
      [name]: reference[name],
    });
    const before = JSON.stringify(base);
    const enter = (holder: Tree, at: string, key: string): void => {
      const value = holder[at];
      if (leaves.has(key)) {
        for (const other of key in others ? [others[key]] : otherValues(value)) {
          holder[at] = other;
          const pairs = probes.get(key) ?? [];
          probes.set(key, [...pairs, [before, JSON.stringify(base)]]);
        }
        holder[at] = value;
      } else if (typeof value === 'object' && value !== null) {
        const step = (inner: string) =>
          Array.isArray(value) ? '[]' : key === 'content_types' ? '.*' : `.${inner}`;
        for (const inner of Object.keys(value)) enter(value as Tree, inner, key + step(inner));
      }
    };
    enter(base, name, name);
  }
  return probes;
}

type Result =
  | { readonly kind: 'ok'; readonly config: unknown }
  | { readonly kind: 'problems'; readonly codes: readonly string[] };

/** The leaves of a configuration by the names that lead to them, places in lists and maps included as `#1`. */
function leavesOf(value: unknown, path: string): readonly (readonly [string, unknown])[] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  const isList = Array.isArray(value) || value instanceof Map;
  const entries = isList
    ? [...(value as Iterable<unknown>)].map((inner, at) => [`#${at}`, inner] as const)
    : Object.entries(value);
  return entries.flatMap(([name, inner]) => leavesOf(inner, `${path}.${name}`));
}

type Change = { readonly path: readonly string[]; readonly values: readonly unknown[] };

/** What differs between two configurations. */
function changesBetween(one: unknown, two: unknown): readonly Change[] {
  const [before, after] = [new Map(leavesOf(one, '')), new Map(leavesOf(two, ''))];
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => ({
      path: path.split('.').filter((name) => name !== '' && !name.startsWith('#')),
      values: [before.get(path), after.get(path)],
    }));
}

/** The names of properties that source code reads, and the words it has as literals. */
function readsIn(texts: Iterable<string>): Reads {
  const reads = { names: new Set<string>(), words: new Set<string>() };
  for (const text of texts) {
    walk(parseSource('source.ts', text), (node) => {
      if (ts.isPropertyAccessExpression(node)) reads.names.add(node.name.text);
      const bound =
        ts.isBindingElement(node) &&
        ts.isObjectBindingPattern(node.parent) &&
        (node.propertyName ?? node.name);
      if (bound && (ts.isIdentifier(bound) || ts.isStringLiteral(bound))) reads.names.add(bound.text);
      if (ts.isStringLiteral(node) && !ts.isLiteralTypeNode(node.parent)) reads.words.add(node.text);
    });
  }
  return reads;
}
type Reads = { readonly names: ReadonlySet<string>; readonly words: ReadonlySet<string> };

/** All names that lead to a value must be read; of what tells kinds apart, each word as well. */
function unreadIn({ path, values }: Change, { names, words }: Reads): readonly string[] {
  const kinds = path.at(-1) === 'kind' ? values.filter((value) => value !== undefined) : [];
  return [
    ...path.filter((name) => !names.has(name)),
    ...kinds.map(String).filter((kind) => !words.has(kind)),
  ];
}

/** What is wrong with each key: no probe, another value makes no difference, or nobody reads what it changes. */
function faultsOf(of: {
  keys: Iterable<string>;
  probes: Probes;
  compile: (text: string) => Result;
  reads: Reads;
}): readonly string[] {
  const faultOf = (key: string): string | undefined => {
    for (const [one, two] of of.probes.get(key) ?? []) {
      const [before, after] = [of.compile(one), of.compile(two)];
      if (before.kind === 'problems' || after.kind === 'problems') continue;
      const changes = changesBetween(before.config, after.config);
      const unread = new Set(changes.flatMap((change) => unreadIn(change, of.reads)));
      if (changes.length > 0)
        return unread.size === 0 ? undefined : `changes ${[...unread].join(', ')}, which is never read`;
    }
    return of.probes.has(key) ? 'another value makes no difference' : 'has no probe';
  };
  return [...of.keys].flatMap((key) => {
    const fault = faultOf(key);
    return fault === undefined ? [] : [`${key}: ${fault}`];
  });
}

const compile = (text: string): Result => {
  const read = parseConfig(text, { file: 'probe.yaml', env: {}, upstreamMayBeMissing: true });
  return read.kind === 'ok' ? read : { kind: 'problems', codes: read.problems.map(({ code }) => code) };
};

const leaves = new Set(
  schemaKeys.filter(
    (key) => !schemaKeys.some((other) => /^(\.|\[)/.test(other.slice(key.length)) && other.startsWith(key)),
  ),
);

t.test('every key of the schema has an effect', async (t) => {
  const files = globSync(`${root}/src/**/*.ts`).filter((path) => !path.includes('/src/config/'));
  const reads = readsIn(files.map((path) => readFileSync(path, 'utf8')));
  const probes = new Map([
    ...probesIn(reference, leaves),
    ...Object.entries(written).map(([key, template]) => [key, [pairOf(template)]] as const),
  ]);
  t.strictSame(faultsOf({ keys: leaves, probes, compile, reads }), []);
  const outdated = [...Object.keys(others), ...Object.keys(written)].filter((key) => !leaves.has(key));
  t.strictSame(outdated, []);
});

t.test('a key that is never read, is dropped or has no probe is found', async (t) => {
  const drop = ({ kept, first, second }: Tree) => ({ kept, part: { first, second } });
  const probes = new Map(
    ['kept', 'dropped', 'first', 'second'].map((key) => [key, [pairOf(`{ ${key}: <1|2> }`)]] as const),
  );
  const reads = readsIn([
    'const { kept } = config; config.part.first;',
    'type T = { second: 1 }; const x = { second: 2 };',
  ]);
  const found = faultsOf({
    keys: [...probes.keys(), 'new'],
    probes,
    compile: (text) => ({ kind: 'ok', config: drop(parseYaml(text) as Tree) }),
    reads,
  });
  t.strictSame(found, [
    'dropped: another value makes no difference',
    'second: changes second, which is never read',
    'new: has no probe',
  ]);
});
