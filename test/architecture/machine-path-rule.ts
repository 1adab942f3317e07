/** Checks that nothing in the repository names a path on somebody's machine. */
import type { Breach, Tree } from './source.ts';

// A folder of one person or one build machine; `/home/` alone may be a page of a site.
const MACHINE_PATH =
  /(?<![\w.:/}-])(\/(?:home|Users)\/[\w.-]+\/|\/root\/|\/work\/|\/private\/var\/|[A-Z]:\\\\?Users\\)/;

/** Every line with an absolute path of a machine. */
export function machinePathBreaches(tree: Tree): readonly Breach[] {
  return [...tree].flatMap(([file, text]) =>
    text.split('\n').flatMap((line, at) => {
      const path = MACHINE_PATH.exec(line)?.[1];
      return path === undefined
        ? []
        : [{ file, line: at + 1, rule: 'machine-path', message: `names ${path}` }];
    }),
  );
}
