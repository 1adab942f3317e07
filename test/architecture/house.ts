/**
 * The house as data: which room is in which ring, what is pure, and which package may be used where.
 * A new room or package starts with a line here.
 */

/** A file may import from rooms of lower rings and from its own room; nothing else. */
const RING_OF_ROOM: Readonly<Record<string, number>> = {
  kit: 0,
  config: 1,
  http: 1,
  policy: 2,
  origin: 3,
  store: 3,
  proxy: 4,
  watch: 5,
  refresh: 5,
  control: 5,
  server: 6, // src/server.ts
  cli: 7, // src/cli.ts, and src/cli/ with a file a command
};

/** The rooms that are single files directly in src/. */
const FRONT_DOORS: readonly string[] = ['src/cli.ts', 'src/server.ts'];

/** Without I/O and clock, although their room is not. */
const PURE_FILES: readonly string[] = ['src/store/codec.ts', 'src/proxy/outcome.ts', 'src/watch/report.ts'];
const PURE_RINGS_END_AT = 2;

/** The parts of Node and the packages that only compute. */
const PURE_NODE_MODULES: readonly string[] = [
  'assert',
  'buffer',
  'crypto',
  'querystring',
  'string_decoder',
  'url',
  'util',
  'zlib',
];
const PURE_PACKAGES: readonly string[] = ['ipaddr.js', 'jose', 'structured-headers', 'yaml'];

/** The only file that reads a clock or starts a timer by itself among the pure ones. */
export const CLOCK_FILE = 'src/kit/time.ts';

/** Packages that belong to certain rooms or files: each wraps one outside thing. A name may end in `/*`. */
const HOMES_OF_PACKAGE: readonly (readonly [packageName: string, homes: readonly string[]])[] = [
  ['ioredis', ['src/store/']],
  ['undici', ['src/origin/', 'src/proxy/pass.ts', 'src/proxy/plugin.ts']],
  ['fastify', ['src/proxy/', 'src/control/', 'src/server.ts']],
  ['@fastify/*', ['src/proxy/', 'src/control/', 'src/server.ts']],
  ['commander', ['src/cli.ts', 'src/cli/']],
  ['cli-progress', ['src/cli.ts', 'src/cli/']],
];

/** The room a file of src/ is in: its folder, or its own name for the two front doors. `undefined`: in none. */
export function roomOf(file: string): string | undefined {
  if (FRONT_DOORS.includes(file)) return file.slice('src/'.length, -'.ts'.length);
  const room = /^src\/([^/]+)\//.exec(file)?.[1];
  return room !== undefined && RING_OF_ROOM[room] !== undefined ? room : undefined;
}

/** The ring of a room, 0 innermost; outside every ring if there is no such room. */
export function ringOf(room: string): number {
  return RING_OF_ROOM[room] ?? Number.POSITIVE_INFINITY;
}

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
