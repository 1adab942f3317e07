/** Checks imports: rings, no cycles, no package outside its home, no I/O in a pure file. */
import { posix } from 'node:path';
import { homesOf, isPure, isPureModule, mayImport, packageOf, ringOf, roomOf } from './house.ts';
import { importsOf, parse } from './source.ts';
import type { Breach, ImportSite, Tree } from './source.ts';

type Site = ImportSite & { readonly file: string };
type Edge = { readonly to: string; readonly line: number };

/** Every import of `src` that the house forbids. `dependencies`: what package.json installs for users. */
export function importBreaches(tree: Tree, dependencies: readonly string[]): readonly Breach[] {
  const graph = new Map<string, readonly Edge[]>();
  const breaches: Breach[] = [];
  for (const [file, text] of tree) {
    const sites = importsOf(parse(file, text)).map((site) => ({ ...site, file }));
    graph.set(
      file,
      sites.filter(isRelative).map((site) => ({ to: targetOf(site), line: site.line })),
    );
    if (roomOf(file) === undefined)
      breaches.push(breach({ file, line: 1 }, 'room', 'stands in no room of the house'));
    for (const site of sites) {
      breaches.push(...(isRelative(site) ? ringBreach(site) : moduleBreaches(site, dependencies)));
    }
  }
  return [...breaches, ...cycles(graph)];
}

const isRelative = (site: ImportSite) => site.specifier.startsWith('.');
const targetOf = (site: Site) => posix.join(posix.dirname(site.file), site.specifier);

function breach(at: { readonly file: string; readonly line: number }, rule: string, message: string): Breach {
  return { file: at.file, line: at.line, rule, message };
}

function ringBreach(site: Site): readonly Breach[] {
  const target = targetOf(site);
  const [from, to] = [roomOf(site.file), roomOf(target)];
  if (from === undefined || from === to) return [];
  if (to === undefined) return [breach(site, 'ring', `${target} is in no room of the house`)];
  if (mayImport(from, to)) return [];
  return [
    breach(site, 'ring', `${from} (ring ${ringOf(from)}) may not import ${target} (ring ${ringOf(to)})`),
  ];
}

function moduleBreaches(site: Site, dependencies: readonly string[]): readonly Breach[] {
  const { file, specifier } = site;
  const found: Breach[] = [];
  if (isPure(file) && !isPureModule(specifier)) {
    found.push(breach(site, 'pure', `a file without I/O may not import ${specifier}`));
  }
  if (specifier.startsWith('node:')) return found;
  const name = packageOf(specifier);
  const homes = homesOf(name);
  if (homes?.some((home) => file === home || (home.endsWith('/') && file.startsWith(home))) === false) {
    found.push(breach(site, 'home', `${name} may only be imported in ${homes.join(', ')}`));
  }
  if (!dependencies.includes(name)) {
    found.push(breach(site, 'dependency', `${name} is not among package.json's dependencies`));
  }
  return found;
}

/** Each cycle once, at the import that closes it. */
function cycles(graph: ReadonlyMap<string, readonly Edge[]>): readonly Breach[] {
  const found: Breach[] = [];
  const finished = new Set<string>();
  const trail: string[] = [];
  const follow = (file: string): void => {
    trail.push(file);
    for (const { to, line } of graph.get(file) ?? []) {
      const seenAt = trail.indexOf(to);
      if (seenAt >= 0) {
        found.push(breach({ file, line }, 'cycle', [...trail.slice(seenAt), to].join(' → ')));
      } else if (!finished.has(to)) {
        follow(to);
      }
    }
    trail.pop();
    finished.add(file);
  };
  for (const file of graph.keys()) if (!finished.has(file)) follow(file);
  return found;
}
