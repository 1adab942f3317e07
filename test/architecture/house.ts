/**
 * The architecture as data: the ring of each room, which files are pure, and which package may be used where. A new room or
 * package starts with a line here.
 */

/** A file may import from lower rings, and inside its ring only as `ROOMS` says. */
const RING_OF: Readonly<Record<string, number>> = {
  kit: 0,
  http: 1,
  pattern: 2,
  config: 3,
  policy: 4,
  front: 5,
  origin: 5,
  store: 5,
  proxy: 6,
  explain: 7,
  watch: 7,
  refresh: 7,
  control: 8,
  lane: 8,
  survey: 8,
  trust: 8,
  workers: 9,
  stored: 10, // src/stored.ts
  server: 11, // src/server.ts
  primary: 11, // src/primary.ts
  cli: 12, // src/cli.ts, and src/cli/ with a file a command
};

/** The rooms of a ring that is divided, each with the other rooms of its ring that it may import from. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  config: ['config/reader', 'config/schema'],
  'config/reader': ['config'],
  'config/schema': ['config', 'config/reader'],
  'config/examples': ['config/reader'],

  'policy/identity': [],
  'policy/key': ['policy/identity'],
  'policy/lifetime': ['policy/key'],
  'policy/rules': ['policy/identity', 'policy/key', 'policy/lifetime'],

  store: ['store/log', 'store/redis'],
  'store/redis': ['store'],
  'store/log': ['store', 'store/redis'],

  'proxy/exchange': [],
  'proxy/hit': ['proxy/exchange'],
  'proxy/fetch': ['proxy/exchange', 'proxy/hit'],
  'proxy/tunnel': ['proxy/exchange'],
  'proxy/pass': ['proxy/exchange', 'proxy/fetch', 'proxy/hit', 'proxy/tunnel'],
  'proxy/h2': ['proxy', 'proxy/exchange', 'proxy/hit'],
  proxy: ['proxy/exchange', 'proxy/fetch', 'proxy/hit', 'proxy/pass'],
  'proxy/listen': ['proxy', 'proxy/h2', 'proxy/exchange', 'proxy/hit', 'proxy/pass', 'proxy/tunnel'],

  'watch/count': [],
  'watch/alerts': ['watch/count'],
  'watch/report': ['watch/count'],
  'watch/trace': ['watch/count'],
  'watch/show': ['watch/alerts', 'watch/count', 'watch/report'],
  trust: ['trust/advice'],
  'trust/advice': ['trust'],

  lane: ['lane/h2'],
  'lane/h2': ['lane'],

  watch: ['watch/alerts', 'watch/count', 'watch/report', 'watch/show'],

  cli: ['cli/follow'],
  'cli/follow': ['cli'],
};

/** The rooms that are single files directly in src/. */
const FRONT_DOORS: readonly string[] = ['src/cli.ts', 'src/primary.ts', 'src/server.ts', 'src/stored.ts'];

/** Without I/O and clock, although their room is not. */
const PURE_FILES: readonly string[] = [
  'src/store/redis/codec.ts',
  'src/proxy/exchange/outcome.ts',
  'src/watch/report/report.ts',
  'src/trust/advice/advice-text.ts',
  'src/trust/advice/change-rate.ts',
  'src/trust/advice/change-times.ts',
  'src/trust/advice/input-advice.ts',
  'src/trust/advice/inputs.ts',
  'src/trust/advice/lifetime-advice.ts',
  'src/trust/advice/patch-yaml.ts',
  'src/trust/advice/same-for-all.ts',
  'src/trust/advice/shared-advice.ts',
  'src/survey/access-log.ts',
  'src/survey/causes.ts',
  'src/survey/cautious.ts',
  'src/survey/cookie-roles.ts',
  'src/survey/draft.ts',
  'src/survey/draft-examples.ts',
  'src/survey/draft-yaml.ts',
  'src/survey/idle-parameters.ts',
  'src/survey/names-in.ts',
  'src/survey/page-history.ts',
  'src/survey/path-templates.ts',
  'src/survey/route-order.ts',
  'src/survey/shared-looks.ts',
  'src/survey/survey.ts',
  'src/survey/traffic-record.ts',
  'src/trust/advice/write-advice.ts',
  'src/trust/advice/write-effects.ts',
  'src/trust/compare-bodies.ts',
  'src/trust/mask-secrets.ts',
  'src/trust/noise.ts',
  'src/trust/share-in-time.ts',
  'src/trust/url-pattern.ts',
];
const PURE_RINGS_END_AT = 4;

/** The parts of Node and the packages that only compute. */
const PURE_NODE_MODULES: readonly string[] = [
  'assert',
  'buffer',
  'crypto',
  'path',
  'querystring',
  'string_decoder',
  'url',
  'util',
  'zlib',
];
const PURE_PACKAGES: readonly string[] = [
  'croner',
  'diff',
  'ipaddr.js',
  'jose',
  're2js',
  'structured-headers',
  'yaml',
];

/** The only file that reads a clock or starts a timer by itself among the pure ones. */
export const CLOCK_FILE = 'src/kit/time.ts';

/** Packages that belong to certain rooms or files: each wraps one outside thing. A name may end in `/*`. */
const HOMES_OF_PACKAGE: readonly (readonly [packageName: string, homes: readonly string[]])[] = [
  ['ioredis', ['src/store/']],
  ['re2js', ['src/pattern/']],
  [
    'undici',
    ['src/origin/', 'src/proxy/pass/pass.ts', 'src/proxy/listen/plugin.ts', 'src/cli/control-client.ts'],
  ],
  ['fastify', ['src/proxy/', 'src/control/', 'src/primary.ts', 'src/server.ts']],
  ['@fastify/*', ['src/proxy/', 'src/control/', 'src/server.ts']],
  ['commander', ['src/cli.ts', 'src/cli/']],
  ['@elastic/*', ['src/watch/show/']],
  ['@opentelemetry/*', ['src/watch/trace/']],
  ['eventsource-parser', ['src/cli/']],
  ['saxes', ['src/refresh/']],
  ['diff', ['src/trust/']],
  ['cli-progress', ['src/cli.ts', 'src/cli/']],
];

/**
 * The room a file of src/ is in: the folder it stands in (`proxy/hit`, `kit`), or its own name for the front doors.
 * `undefined`: a folder that the house does not have.
 */
export function roomOf(file: string): string | undefined {
  if (FRONT_DOORS.includes(file)) return file.slice('src/'.length, -'.ts'.length);
  const room = /^src\/(.+)\/[^/]+$/.exec(file)?.[1];
  if (room === undefined) return undefined;
  return room in ROOMS || room in RING_OF ? room : undefined;
}

/** The ring of a room, 0 innermost; outside every ring if there is no such room. */
export function ringOf(room: string): number {
  return RING_OF[ringNameOf(room)] ?? Number.POSITIVE_INFINITY;
}

/** Whether a file of the room `from` may import a file of the room `to`. */
export function mayImport(from: string, to: string): boolean {
  if (from === to || ringOf(to) < ringOf(from)) return true;
  return ringNameOf(from) === ringNameOf(to) && (ROOMS[from] ?? []).includes(to);
}

const ringNameOf = (room: string): string => room.replace(/\/.*/, '');

/** Whether the file must do without I/O, clock and chance. */
export function isPure(file: string): boolean {
  const room = roomOf(file);
  return PURE_FILES.includes(file) || (room !== undefined && ringOf(room) <= PURE_RINGS_END_AT);
}

/** Whether a pure file may import the module `specifier` (not a relative one). */
export function isPureModule(specifier: string): boolean {
  if (specifier.startsWith('node:')) return PURE_NODE_MODULES.includes(specifier.slice('node:'.length));
  return PURE_PACKAGES.includes(packageOf(specifier));
}

/** The package a module specifier names: `@a/b/c` is in `@a/b`. */
export function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** Where a package may be imported, as files or folders ending in `/`; `undefined`: anywhere that is not pure. */
export function homesOf(packageName: string): readonly string[] | undefined {
  const matches = (pattern: string) =>
    pattern.endsWith('/*') ? packageName.startsWith(pattern.slice(0, -1)) : packageName === pattern;
  return HOMES_OF_PACKAGE.find(([pattern]) => matches(pattern))?.[1];
}
