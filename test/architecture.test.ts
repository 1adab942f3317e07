/**
 * Checks the architecture: rings, cycles, purity, the clock, sizes, names. Each rule is proved first on a small source that
 * breaks it, then applied to the repository.
 */
import t from 'tap';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importBreaches } from './architecture/import-rules.ts';
import { machinePathBreaches } from './architecture/machine-path-rule.ts';
import { mirrorBreaches } from './architecture/mirror-rule.ts';
import { purityBreaches } from './architecture/purity-rules.ts';
import { shapeBreaches } from './architecture/shape-rules.ts';
import { describe } from './architecture/source.ts';
import type { Breach } from './architecture/source.ts';
import { ROOT, only, readTree } from './architecture/tree.ts';

const DEPENDENCIES = [
  '@fastify/http-proxy',
  'commander',
  'fastify',
  'ioredis',
  'jose',
  'pino',
  'undici',
  'yaml',
];

type Sources = Readonly<Record<string, string>>;
type Case = readonly [behaviour: string, sources: Sources, breaches: readonly string[]];

/** `file:line rule` of every breach: the message is for people. */
const found = (breaches: readonly Breach[]) =>
  breaches.map(({ file, line, rule }) => `${file}:${line} ${rule}`);
const tree = (sources: Sources) => new Map(Object.entries(sources));

const lines = (count: number, line = 'x();') => Array.from({ length: count }, () => line).join('\n');
/** A function of `count` lines, its first and last included. */
const functionOf = (count: number) => `/* Room. */\nfunction f() {\n${lines(count - 2)}\n}\n`;

// prettier-ignore
const IMPORTS: readonly Case[] = [
  ['a lower ring and the own room may be imported', {
    'src/policy/lifetime/ttl.ts': `import { a } from '../../http/a.ts';\nimport { b } from './b.ts';\nimport { k } from '../../kit/k.ts';`,
    'src/cli.ts': `import { s } from './server.ts';\nimport { c } from './cli/purge.ts';`,
  }, []],
  ['a higher ring may not', { 'src/http/a.ts': `\nimport { t } from '../policy/lifetime/ttl.ts';` }, ['src/http/a.ts:2 ring']],
  ['origin and store do not import each other', {
    'src/origin/origin.ts': `import { a } from '../store/store.ts';`,
    'src/store/memory.ts': `import { x } from '../origin/origin.ts';`,
  }, ['src/origin/origin.ts:1 ring', 'src/store/memory.ts:1 ring']],
  ['watch, refresh and explain do not import each other', {
    'src/watch/a.ts': `import { b } from '../refresh/b.ts';`,
    'src/refresh/b.ts': `import { c } from '../explain/c.ts';`,
    'src/explain/c.ts': `import { w } from '../watch/w.ts';`,
  }, ['src/watch/a.ts:1 ring', 'src/refresh/b.ts:1 ring', 'src/explain/c.ts:1 ring']],
  ['inside a ring the table says which room may import which', {
    'src/proxy/hit/a.ts': `import { e } from '../exchange/e.ts';`,
    'src/proxy/exchange/e.ts': `import { f } from '../fetch/f.ts';`,
    'src/proxy/fetch/f.ts': `import { p } from '../pipeline.ts';`,
    'src/proxy/pipeline.ts': `import { g } from './hit/g.ts';\nimport { l } from './listen/l.ts';`,
  }, ['src/proxy/exchange/e.ts:1 ring', 'src/proxy/fetch/f.ts:1 ring', 'src/proxy/pipeline.ts:2 ring']],
  ['nobody imports the composition root but the command line', {
    'src/proxy/a.ts': `import { s } from '../server.ts';`,
    'src/server.ts': `import { m } from './cli.ts';`,
  }, ['src/proxy/a.ts:1 ring', 'src/server.ts:1 ring']],
  ['a type import, an export-from, an import() and an import type count', {
    'src/kit/a.ts': [
      `import type { A } from '../http/a.ts';`,
      `export { b } from '../http/b.ts';`,
      `const c = await import('../http/c.ts');`,
      `type D = import('../http/d.ts').D;`,
      `import { e } from '../http/e.ts'; // not this: import '../http/f.ts'`,
    ].join('\n'),
  }, [1, 2, 3, 4, 5].map((line) => `src/kit/a.ts:${line} ring`)],
  ['a folder that the house does not have is refused, and so is leaving src', {
    'src/misc/a.ts': '',
    'src/proxy/misc/a.ts': '',
    'src/kit/b.ts': `import p from '../../package.json' with { type: 'json' };`,
    'src/tool.ts': '',
  }, ['src/misc/a.ts:1 room', 'src/proxy/misc/a.ts:1 room', 'src/kit/b.ts:1 ring', 'src/tool.ts:1 room']],
  ['a cycle is shown at the import that closes it', {
    'src/store/a.ts': `import { b } from './b.ts';`,
    'src/store/b.ts': `\nimport type { c } from './c.ts';`,
    'src/store/c.ts': `import { a } from './a.ts';`,
  }, ['src/store/c.ts:1 cycle']],
  ['a file that imports itself is a cycle', { 'src/kit/a.ts': `import { a } from './a.ts';` }, ['src/kit/a.ts:1 cycle']],
  ['two ways to one file are no cycle', {
    'src/kit/a.ts': `import { b } from './b.ts';\nimport { c } from './c.ts';`,
    'src/kit/b.ts': `import { d } from './d.ts';`,
    'src/kit/c.ts': `import { d } from './d.ts';`,
    'src/kit/d.ts': '',
  }, []],
  ['a pure file imports what only computes', {
    'src/http/a.ts': `import { hash } from 'node:crypto';\nimport zlib from 'node:zlib';\nimport { parse } from 'yaml';`,
    'src/store/redis/entries.ts': `import { connect } from 'node:net';`,
  }, []],
  ['a pure file imports no I/O', {
    'src/http/a.ts': `import { readFileSync } from 'node:fs';`,
    'src/config/b.ts': `import { isIP } from 'node:net';\nimport pino from 'pino';`,
    'src/kit/c.ts': `import { setTimeout } from 'node:timers/promises';`,
    'src/policy/key/d.ts': `import type { Socket } from 'node:net';`,
    'src/store/redis/codec.ts': `import fs from 'node:fs/promises';`,
    'src/proxy/exchange/outcome.ts': `import http from 'node:http';`,
    'src/watch/report/report.ts': `import fs from 'node:fs';`,
    'src/watch/show/metrics.ts': `import fs from 'node:fs';`,
  }, ['src/http/a.ts:1 pure', 'src/config/b.ts:1 pure', 'src/config/b.ts:2 pure', 'src/kit/c.ts:1 pure',
      'src/policy/key/d.ts:1 pure', 'src/store/redis/codec.ts:1 pure', 'src/proxy/exchange/outcome.ts:1 pure', 'src/watch/report/report.ts:1 pure']],
  ['each package stays at home', {
    'src/store/redis/entries.ts': `import { Redis } from 'ioredis';`,
    'src/origin/origin.ts': `import { request } from 'undici';`,
    'src/proxy/pass/pass.ts': `import { Agent } from 'undici';\nimport proxy from '@fastify/http-proxy';`,
    'src/control/api.ts': `import fastify from 'fastify';`,
    'src/server.ts': `import fastify from 'fastify';`,
    'src/cli.ts': `import { Command } from 'commander';`,
  }, []],
  ['a package away from home is refused', {
    'src/watch/a.ts': `import { Redis } from 'ioredis';`,
    'src/proxy/fetch/fetch.ts': `import { request } from 'undici';\nimport { C } from 'commander';`,
    'src/store/b.ts': `import type { FastifyReply } from 'fastify';`,
    'src/origin/c.ts': `import proxy from '@fastify/http-proxy';`,
  }, ['src/watch/a.ts:1 home', 'src/proxy/fetch/fetch.ts:1 home', 'src/proxy/fetch/fetch.ts:2 home', 'src/store/b.ts:1 home',
      'src/origin/c.ts:1 home']],
  ['a package that users do not get is refused', {
    'src/watch/a.ts': `import t from 'tap';\nimport { x } from 'pino/file';`,
  }, ['src/watch/a.ts:1 dependency']],
];

// prettier-ignore
const PURITY: readonly Case[] = [
  ['only the clock file reads the clock', {
    'src/kit/time.ts': 'const now = () => Date.now() + performance.now();\nsetTimeout(f, 1);',
    'src/proxy/a.ts': [
      'const a = Date.now();',
      'const b = Date.now;',
      'const c = new Date();',
      'const d = new Date;',
      'const e = Date();',
      'const f = performance.now();',
      'const g = globalThis.performance.now();',
      `const h = Date['now']();`,
      'const i = process.hrtime.bigint();',
      'const j = new globalThis.Date();',
    ].join('\n'),
  }, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((line) => `src/proxy/a.ts:${line} clock`)],
  ['performance from node:perf_hooks is the clock too', {
    'src/watch/a.ts': `import { performance } from 'node:perf_hooks';\nconst t = performance.now();`,
  }, ['src/watch/a.ts:2 clock']],
  ['a date made from a number, or a clock that was given, is not', {
    'src/http/a.ts': `const a = new Date(5); const b = Date.parse('x'); const c = Date.UTC(1); type T = Date;
      const d = clock.now(); const e = clock.performance; const f = { performance: 1 }; // Date.now()
      const g = 'Date.now()';`,
  }, []],
  ['a pure file neither waits nor asks the world nor throws dice', {
    'src/kit/a.ts': 'setTimeout(f, 1);\nsetInterval(f, 1);\nqueue(setImmediate);',
    'src/http/b.ts': `await fetch('x');\nconst a = process.env['X'];\nconsole.log(1);\nconst r = Math.random();`,
    'src/store/redis/codec.ts': 'globalThis.setTimeout(f, 1);\nconst o = { fetch };',
  }, ['src/kit/a.ts:1 pure', 'src/kit/a.ts:2 pure', 'src/kit/a.ts:3 pure', 'src/http/b.ts:1 pure', 'src/http/b.ts:2 pure',
      'src/http/b.ts:3 pure', 'src/http/b.ts:4 pure', 'src/store/redis/codec.ts:1 pure', 'src/store/redis/codec.ts:2 pure']],
  ['the same names as parameters, members and types are not the globals', {
    'src/http/a.ts': `export const a = (fetch: F) => fetch(1); const b = x.fetch(); const c = Math.max(1, 2);
      type T = typeof setTimeout; interface I { fetch(): void; process: P } const { process: q } = y;`,
  }, []],
  ['outside the pure rooms timers and the network are allowed', {
    'src/refresh/a.ts': `setTimeout(f, 1); await fetch('x'); process.exit(Math.random());`,
  }, []],
];

// prettier-ignore
const SHAPE: readonly Case[] = [
  ['a file with an opening comment and docstrings is fine', {
    'src/kit/a.ts': '/** Room. */\n\n/** Does. */\nexport function a() {}\n\n/** Is. */\nexport const b = () => 1;\n',
    'src/cli.ts': '#!/usr/bin/env node\n/** Room. */\nimport x from "x";\n',
    'src/control/dashboard/index.html': '<!doctype html>\n',
  }, []],
  ['a file opens with a comment', { 'src/kit/a.ts': 'const a = 1;\n/* late */' }, ['src/kit/a.ts:1 opening-comment']],
  ['300 lines are a file, 301 are two', {
    'src/kit/a.ts': `/* Room. */\n${lines(299)}\n`,
    'src/kit/b.ts': `/* Room. */\n${lines(300)}\n`,
    'src/control/dashboard/app.js': `/* Room. */\n${lines(300)}\n`,
  }, ['src/kit/b.ts:301 file-length', 'src/control/dashboard/app.js:301 file-length']],
  ['50 lines are a function, 51 are two', {
    'src/kit/a.ts': functionOf(50),
    'src/kit/b.ts': functionOf(51),
  }, ['src/kit/b.ts:2 function-length']],
  ['methods, accessors, arrows and function expressions count as well', {
    'src/kit/a.ts': [
      '/* Room. */',
      `class A { m() {\n${lines(50)}\n}`,
      `get g() {\n${lines(50)}\n}`,
      `constructor() {\n${lines(50)}\n} }`,
      `const a = () => {\n${lines(50)}\n};`,
      `const b = function () {\n${lines(50)}\n};`,
    ].join('\n'),
  }, [2, 54, 106, 158, 210].map((line) => `src/kit/a.ts:${line} function-length`)],
  ['what is exported and runs has a docstring', {
    'src/kit/a.ts': [
      '/** Room. */',
      'export function a() {}',
      'export const b = () => 1;',
      '// not a docstring',
      'export class C {}',
      'function d() {}',
      'const e = function () {};',
      'export { d, e as f };',
      'export const value = 1;',
      'export default () => 1;',
      'function own() {}',
    ].join('\n'),
  }, [2, 3, 5, 6, 7, 10].map((line) => `src/kit/a.ts:${line} docstring`)],
  ['of overloads the first has it', {
    'src/kit/a.ts': '/* Room. */\n\n/** Does. */\nexport function a(x: 1): 1;\nexport function a(x: 2) { return x; }\n',
  }, []],
  ['names are in kebab-case and say something', {
    'src/kit/singleFlight.ts': '/* Room. */',
    'src/kit/single_flight.ts': '/* Room. */',
    'src/kit/utils.ts': '/* Room. */',
    'src/kit/http-helpers.ts': '/* Room. */',
    'src/common/a.ts': '/* Room. */',
    'src/store/cache-manager.ts': '/* Room. */',
    'src/kit/index.ts': '/* Room. */',
    'src/kit/commonly-used.ts': '/* Room. */',
  }, ['singleFlight', 'single_flight', 'utils', 'http-helpers'].map((name) => `src/kit/${name}.ts:1 name`).concat(
      ['src/common/a.ts:1 name', 'src/store/cache-manager.ts:1 name', 'src/kit/index.ts:1 name'])],
  ['no enum, no any, nothing unfinished', {
    'src/kit/a.ts': [
      '/* Room. */',
      'enum E { A }',
      'let a: any;',
      'const b = c as Array<any>;',
      '// ' + 'TODO: later',
      `const d = 'any enum';`,
    ].join('\n'),
  }, ['src/kit/a.ts:5 unfinished', 'src/kit/a.ts:2 enum', 'src/kit/a.ts:3 any', 'src/kit/a.ts:4 any']],
];

const at = (...parts: readonly string[]) => ['', ...parts, ''].join('/');
// prettier-ignore
const MACHINE_PATHS: readonly Case[] = [
  ['a path of a person or a build machine is found', {
    'docs/a.md': `see\n${at('home', 'ann')}x`,
    'src/a.ts': `const a = '${at('Users', 'ann')}x';`,
    'b.yaml': `path: ${at('work')}x`,
    'c.json': `"C:${String.raw`\\`}Users${String.raw`\\`}x"`,
    'd.mjs': `import '${at('root')}x'`,
  }, ['docs/a.md:2 machine-path', 'src/a.ts:1 machine-path', 'b.yaml:1 machine-path', 'c.json:1 machine-path',
      'd.mjs:1 machine-path']],
  ['a URL, a relative path or a page of a site is none', {
    'docs/a.md': `https://example.org${at('work')}x ./home/ann/x /home /users/ann/x`,
  }, []],
];

// prettier-ignore
const MIRROR: readonly Case[] = [
  ['a file of fetch, hit, pass or store without a test of its name is found', {
    'src/proxy/fetch/a.ts': 'export const a = 1;',
    'src/proxy/hit/b.ts': 'export function b() {}',
    'src/proxy/pass/c.ts': 'class C {}',
    'src/store/d.ts': 'd();',
    'src/store/redis/e.ts': `export * from './f.ts';`,
    'test/proxy/hit/a.test.ts': '', 'test/store/e.test.ts': '', 'test/proxy/pass/c.ts': '',
  }, ['src/proxy/fetch/a.ts:1 mirror', 'src/proxy/hit/b.ts:1 mirror', 'src/proxy/pass/c.ts:1 mirror',
      'src/store/d.ts:1 mirror', 'src/store/redis/e.ts:1 mirror']],
  ['its test is at the same place, or in the ring’s `alone`; types alone need none', {
    'src/proxy/hit/a.ts': 'export const a = 1;', 'test/proxy/hit/a.test.ts': '',
    'src/store/log/b.ts': 'export const b = 1;', 'test/store/alone/b.test.ts': '',
    'src/store/c.ts': `import type { D } from './d.ts';\nexport type C = D;\nexport interface E {}`,
    'src/kit/f.ts': 'export const f = 1;', 'src/proxy/answer.ts': 'export const g = 1;',
  }, []],
];

const PROVED: readonly (readonly [
  rules: string,
  cases: readonly Case[],
  check: (sources: Sources) => readonly Breach[],
])[] = [
  ['imports', IMPORTS, (sources) => importBreaches(tree(sources), DEPENDENCIES)],
  ['purity', PURITY, (sources) => purityBreaches(tree(sources))],
  ['shape', SHAPE, (sources) => shapeBreaches(tree(sources))],
  ['mirror', MIRROR, (sources) => mirrorBreaches(tree(sources), Object.keys(sources))],
  ['machine paths', MACHINE_PATHS, (sources) => machinePathBreaches(tree(sources))],
];

for (const [rules, cases, check] of PROVED) {
  t.test(`the rules on ${rules} find each breach and accept the rest`, async (t) => {
    for (const [behaviour, sources, expected] of cases)
      t.strictSame(found(check(sources)), expected, behaviour);
  });
}

t.test('the repository keeps them', async (t) => {
  const repository = readTree('');
  const src = only(repository, /^src\//);
  const code = only(src, /\.ts$/);
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { dependencies: object };
  t.ok(code.size > 5, 'the source is where it is looked for');
  const none = (breaches: readonly Breach[], rule: string) => t.strictSame(breaches.map(describe), [], rule);
  none(importBreaches(code, Object.keys(manifest.dependencies)), 'imports');
  none(purityBreaches(code), 'purity and the clock');
  none(shapeBreaches(src), 'shape');
  none(mirrorBreaches(code, repository.keys()), 'a test for each file');
  none(machinePathBreaches(repository), 'no path of a machine');
});
