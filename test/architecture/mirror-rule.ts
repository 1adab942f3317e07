/**
 * In the rooms that matter each file has its test at the same place below test/, so that a failure names its place. What
 * is measured by clock or memory may be in the ring's `alone`.
 */
import ts from 'typescript';
import { parse } from './source.ts';
import type { Breach, Tree } from './source.ts';

const ROOM = /^src\/(store|proxy\/(?:fetch|hit|pass))\/(?:.+\/)?([^/]+)\.ts$/;

/** Every file of those rooms that has code, and no test in `tests`. */
export function mirrorBreaches(src: Tree, tests: Iterable<string>): readonly Breach[] {
  const there = new Set(tests);
  return [...src].flatMap(([file, text]) => {
    const [, room, name] = ROOM.exec(file) ?? [];
    if (room === undefined || name === undefined || hasOnlyTypes(file, text)) return [];
    const mirror = file.replace('src/', 'test/').replace(/\.ts$/, '.test.ts');
    if (there.has(mirror) || there.has(`test/${room}/alone/${name}.test.ts`)) return [];
    return [{ file, line: 1, rule: 'mirror', message: `has no test: write ${mirror}` }];
  });
}

/** Nothing of it is there when the program runs. */
function hasOnlyTypes(file: string, text: string): boolean {
  return parse(file, text).statements.every(
    (statement) =>
      ts.isImportDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement) ||
      ts.isInterfaceDeclaration(statement),
  );
}
