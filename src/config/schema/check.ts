/**
 * Turns configuration text into a checked `Config`, or into a list of its problems.
 *
 * Promises: it never throws. A `Config` is returned only when nothing was refused. All problems are reported, in the order of
 * the file, each once.
 */

import { dirname, isAbsolute, join } from 'node:path';
import { type Node, isAlias, isMap, isScalar } from 'yaml';
import {
  type Config,
  type ListenTls,
  type Route,
  type Upstream,
  type UpstreamTls,
  defaults,
} from '../config.ts';
import { acceptDefaults } from './accept-config.ts';
import { accept } from './check-accept.ts';
import { checkAddresses } from './check-addresses.ts';
import { checkWorkers } from './check-workers.ts';
import { checkAcross } from './check-across.ts';
import { contentTypes, finishTypes } from './check-content-type.ts';
import { finishControl } from './finish-control.ts';
import { identity } from './check-identity.ts';
import { listen, listenAt } from './check-listen.ts';
import { type RouteDraft, finishWrites, routes, unmatchedWrites, writes } from './check-routes.ts';
import { checkRollouts, trust } from './check-rollout.ts';
import { control, debug, log, traces } from './check-server.ts';
import { store } from './check-store.ts';
import { ttl } from './check-ttl.ts';
import { alerts, audit, janitor, purge, refresh, report, warm } from './check-upkeep.ts';
import { upstream } from './check-upstream.ts';
import { readDocument } from '../reader/document.ts';
import type { Environment } from '../reader/environment.ts';
import {
  type Locator,
  type Place,
  type Problem,
  type ProblemCode,
  type Warning,
  locatorOf,
} from '../reader/problem.ts';
import { fileSchema, keysIn } from '../reader/json-schema.ts';
import { type Overrides, readOverrides } from '../reader/overrides.ts';
import { word } from '../reader/read-scalar.ts';
import {
  type Reading,
  type Shape,
  failed,
  optional,
  or,
  placeOfKey,
  placeOfSection,
  section,
} from '../reader/reader.ts';

export type ParseOptions = {
  /** The name of the text in problems. */
  readonly file: string;
  readonly env: Environment;
  /** From the command line; it overrides the file. */
  readonly upstream?: string | undefined;
  readonly listen?: string | undefined;
  /** Everything is in shadow, whatever the file says. */
  readonly shadow?: boolean | undefined;
  /** Only warn if `upstream` is missing: for checking a file that is served with `--upstream`. */
  readonly upstreamMayBeMissing?: boolean;
};

export type ParseResult =
  | { readonly kind: 'ok'; readonly config: Config; readonly warnings: readonly Warning[] }
  | { readonly kind: 'problems'; readonly problems: readonly Problem[] };

const sections = {
  ...trust,
  upstream: optional(upstream),
  listen: or(listen, listenAt(defaults.listen)),
  control: or(control, { ...defaults.control, token: undefined, tokens: [] }),
  store: or(store, { ...defaults.store, redis: undefined }),
  accept: or(accept, acceptDefaults),
  identity: or(identity, { credentials: undefined, flaskSession: undefined, jwt: undefined }),
  ttl: or(ttl, { ...defaults.ttl, hours: [], factors: [], popular: defaults.popular }),
  content_types: or(contentTypes, new Map()),
  routes: or(routes, []),
  unmatched: or(word(['standard', 'pass']), 'standard'),
  writes: or(writes, []),
  unmatched_writes: or(unmatchedWrites, { url: true, user: true }),
  purge: or(purge, { refill: false }),
  warm: optional(warm),
  refresh: or(refresh, []),
  janitor: optional(janitor),
  audit: optional(audit),
  alerts: or(alerts, []),
  report: optional(report),
  log: or(log, defaults.log),
  debug: or(debug, { serverTiming: false, header: false }),
  traces: optional(traces),
};

/** The JSON Schema of the file, for editors. */
export const configSchema = fileSchema('The rules of shelflife', section(sections).schema);

/** Every key of the schema, such as `upstream.url`, `ttl.hours[].name`, `content_types.*.ttl`. */
export const schemaKeys: readonly string[] = keysIn(configSchema);

/** Reads and checks `text`. */
export function parseConfig(text: string, options: ParseOptions): ParseResult {
  const locate = locatorOf(text, options.file);
  const found: Found[] = [];
  const warnings: Warning[] = [];
  const report = (code: ProblemCode, message: string, place: Place): void => {
    found.push({ problem: locate(code, message, place), offset: place[0], end: place[1] });
  };

  const overrides = readOverrides(options);
  const { root, resolve, brokenAt } = readDocument(text, report);
  const at: Reading = {
    environment: options.env,
    follow: (node) => (isAlias(node) ? (resolve(node) ?? node) : node),
    report,
    warn: (code, message, place) => void warnings.push(locate(code, message, place)),
  };
  const config = root === undefined ? undefined : readRoot({ root, locate, overrides, options }, at);
  if (root === undefined && found.length === 0)
    report('empty-file', 'the file contains no configuration', [0, 0]);

  const problems = [...overrides.problems, ...inOrder(found, brokenAt)];
  if (problems.length > 0 || config === undefined) return { kind: 'problems', problems };
  return { kind: 'ok', config, warnings };
}

/** The configuration used when there is no file. */
export function builtInConfig(
  options: Pick<ParseOptions, 'env' | 'upstream' | 'listen' | 'shadow'>,
): ParseResult {
  return parseConfig('{}', { ...options, file: 'built-in' });
}

type Source = {
  readonly root: Node;
  readonly locate: Locator;
  readonly overrides: Overrides;
  readonly options: ParseOptions;
};

function readRoot(source: Source, at: Reading): Config | undefined {
  const { root, locate } = source;
  if (isScalar(root) && root.value === null) {
    at.report('empty-file', 'the file contains no configuration', [0, 0]);
    return undefined;
  }
  const across = section(sections, ({ identity: who, ...rest }) => {
    const credentials = who?.credentials ?? [];
    const ignoredClaims = who && (who.flaskSession?.ignoreClaims ?? []);
    const ttlPlace = placeOfSection(root, 'ttl');
    checkAcross({ ...rest, credentials, ignoredClaims, ttlPlace }, (place) => locate('', '', place).line, at);
  });
  const read = across.read(root, at);
  return read === failed ? undefined : finish(read, source, at);
}

type Read = Shape<typeof sections>;

function finish(read: Read, source: Source, at: Reading): Config {
  const { host, port, path, systemd } = source.overrides.listen ?? read.listen;
  const listening = { ...read.listen, host, port, path, systemd };
  const root = isMap(source.root) ? source.root : undefined;
  checkAddresses({ listen: listening, control: read.control }, root, at);
  const parts = [...[...read.contentTypes.values()].map(({ value }) => value), ...read.routes];
  checkRollouts({ ...read, parts }, root, at);
  checkWorkers({ listen: listening, store: read.store }, root, at);
  return {
    ...read,
    mode: source.options.shadow === true ? 'shadow' : read.mode,
    upstream: finishUpstream(read.upstream, source, at),
    listen: { ...listening, tls: listening.tls && listenTlsBeside(listening.tls, source.options.file) },
    control: finishControl(read, { env: source.options.env, root: source.root }, at),
    contentTypes: finishTypes(read.contentTypes, typesUsed(read), read.ttl),
    routes: read.routes.flatMap((draft) => finishRoute(draft, source.locate)),
    writes: finishWrites(read.writes),
    refresh: read.refresh.map((job) => (job.kind === 'type' ? { ...job, type: job.type.value } : job)),
  };
}

const typesUsed = ({ routes: drafts, refresh: jobs }: Read): readonly string[] => [
  ...drafts.map(({ type }) => type.value),
  ...jobs.flatMap((job) => (job.kind === 'type' ? [job.type.value] : [])),
];

function finishUpstream(
  read: Upstream | undefined,
  { overrides, options, root }: Source,
  at: Reading,
): Upstream {
  const url = overrides.upstream ?? read?.url;
  if (url !== undefined) {
    if (read?.tls !== undefined && !url.startsWith('https:'))
      at.report('conflicting-keys', '`tls` requires an `https://` URL', placeOfTls(root));
    const whole = { ...defaults.upstream, ...read, url };
    return { ...whole, tls: read?.tls && besideFile(read.tls, options.file) };
  }
  const place = placeOfSection(root, 'upstream');
  const written = isMap(root) && root.has('upstream');
  const why = 'missing key `upstream`; give the URL of the app, such as `upstream: http://127.0.0.1:5000`';
  if (options.upstreamMayBeMissing === true) at.warn('upstream-missing', `${why}, or use --upstream`, place);
  // If it is present but unreadable, that has been reported.
  else if (!written && options.upstream === undefined) at.report('missing-key', why, place);
  return { ...defaults.upstream, url: '' };
}

function placeOfTls(root: Node): Place {
  const section = isMap(root) ? root.get('upstream', true) : undefined;
  return isMap(section) ? placeOfKey(section, 'tls') : placeOfSection(root, 'upstream');
}

/** Paths are relative to the configuration file. */
const pathsBeside = (file: string) => (written: string) =>
  isAbsolute(written) ? written : join(dirname(file), written);

function listenTlsBeside({ certificates, ca, ...rest }: ListenTls, file: string): ListenTls {
  const path = pathsBeside(file);
  return {
    ...rest,
    ca: ca && path(ca),
    certificates: certificates.map(({ cert, key, serverName }) => ({
      cert: path(cert),
      key: path(key),
      serverName,
    })),
  };
}

function besideFile({ ca, client, ...rest }: UpstreamTls, file: string): UpstreamTls {
  const path = pathsBeside(file);
  return {
    ...rest,
    ca: ca && path(ca),
    client: client && { cert: path(client.cert), key: path(client.key) },
  };
}

function finishRoute(
  { match, when, type, tags, shadow, rollout: share }: RouteDraft,
  locate: Locator,
): readonly Route[] {
  return match.map(({ value, place }): Route => {
    const { line, column } = locate('', '', place);
    return {
      methods: value.methods,
      pattern: value.pattern,
      when,
      type: type.value,
      tags: tags.map((tag) => tag.value),
      shadow,
      rollout: share,
      line,
      column,
    };
  });
}

type Found = { readonly problem: Problem; readonly offset: number; readonly end: number };

/** Codes about what is absent or elsewhere: unreliable where YAML itself could not be parsed. */
const farReaching: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'conflicting-keys',
  'empty-file',
  'empty-value',
  'hours-gap',
  'min-over-max',
  'missing-key',
  'unknown-placeholder',
  'unknown-type',
  'unreachable-route',
  'wrong-type',
]);

function inOrder(found: readonly Found[], brokenAt: number | undefined): readonly Problem[] {
  const sure = found.filter(({ problem, offset, end }) => {
    if (brokenAt === undefined || problem.code === 'bad-yaml' || problem.code === 'duplicate-key')
      return true;
    return offset < brokenAt && end <= brokenAt && !farReaching.has(problem.code);
  });
  // An anchor's value is read, and refused, once for each alias.
  const once = new Map(
    sure.map((one) => [JSON.stringify([one.offset, one.problem.code, one.problem.message]), one]),
  );
  return [...once.values()].sort((a, b) => a.offset - b.offset).map(({ problem }) => problem);
}
