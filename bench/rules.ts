/**
 * What does it cost to find a request's rule, and does it grow with the number of routes?
 *
 * For 10 to 10,000 routes: nanoseconds a match, for paths that match (all over the file), paths that match nothing, and a
 * hostile path (8 KB, many segments, as the longest target allows). Baseline in the same run: `URLPattern.exec` on each route in turn.
 * Two files of routes: one where each route has its own first segments, one where every route begins with a parameter.
 */
import { cpus } from 'node:os';
import { parseConfig } from '../src/config/schema/check.ts';
import type { Config, Route } from '../src/config/config.ts';
import { compileRules } from '../src/policy/rules/rules.ts';

const shapes: readonly ((n: number) => { pattern: string; path: string })[] = [
  (n) => ({ pattern: `/api/r${n}`, path: `/api/r${n}` }),
  (n) => ({ pattern: `/api/r${n}/:id`, path: `/api/r${n}/12345` }),
  (n) => ({ pattern: `/r${n}/:id/files/:file.json`, path: `/r${n}/7/files/readme.json` }),
  (n) => ({ pattern: `/static/r${n}/*`, path: `/static/r${n}/css/site.css` }),
];
const parameterFirst: typeof shapes = [
  (n) => ({ pattern: `/:org/r${n}/:id(\\d+)`, path: `/acme/r${n}/12345` }),
  (n) => ({ pattern: `/:org/r${n}/*`, path: `/acme/r${n}/a/b` }),
];
const hostile = `/${'api/r1/'.repeat(1170)}`;

console.log(`node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}`);
console.log('file             routes  path      ns/match    baseline ns   ratio');
for (const count of [10, 100, 1000, 10_000]) report('own segments', shapes, count);
for (const count of [10, 1000]) report('parameter first', parameterFirst, count);

function report(name: string, file: typeof shapes, count: number): void {
  const routes = Array.from(
    { length: count },
    (_, n) => file[n % file.length]?.(n) ?? { pattern: '/', path: '/' },
  );
  const { match } = compileRules(configWith(routes.map(({ pattern }) => pattern)));
  const patterns = routes.map(({ pattern }) => new URLPattern({ pathname: pattern }));
  const spread = routes.filter((_, n) => n % Math.ceil(count / 64) === 0).map(({ path }) => path);
  const paths = {
    hit: spread,
    miss: spread.map((path) => `${path}/no/such`).concat('/nowhere'),
    hostile: [hostile],
  };
  for (const [kind, tried] of Object.entries(paths)) {
    const own = nanoseconds(tried, (path) => match('GET', path, { query: undefined, fields: [] }));
    const baseline = nanoseconds(tried, (pathname) => patterns.find((pattern) => pattern.exec({ pathname })));
    const cells = [
      name.padEnd(16),
      String(count).padStart(6),
      ` ${kind.padEnd(8)}`,
      own.toFixed(0).padStart(9),
    ];
    console.log(...cells, baseline.toFixed(0).padStart(14), `${(baseline / own).toFixed(0).padStart(7)}×`);
  }
}

/** Of one call, measured for a quarter of a second after half as long to warm up; at least once. */
function nanoseconds(paths: readonly string[], call: (path: string) => unknown): number {
  let elapsed = 0;
  for (const budget of [125, 250]) {
    const started = performance.now();
    let calls = 0;
    do {
      for (const path of paths) {
        call(path);
        if (++calls % 16 === 0 && performance.now() - started > budget) break;
      }
    } while (performance.now() - started < budget);
    elapsed = ((performance.now() - started) * 1e6) / calls;
  }
  return elapsed;
}

function configWith(patterns: readonly string[]): Config {
  const parsed = parseConfig('upstream: http://127.0.0.1:9', { file: 'bench.yaml', env: {} });
  if (parsed.kind !== 'ok') throw new Error('the smallest configuration has problems');
  const route: Route = {
    methods: ['GET', 'HEAD'],
    pattern: '/',
    when: [],
    type: 'standard',
    tags: [],
    shadow: false,
    rollout: undefined,
    line: 1,
    column: 1,
  };
  return { ...parsed.config, routes: patterns.map((pattern) => ({ ...route, pattern })) };
}
