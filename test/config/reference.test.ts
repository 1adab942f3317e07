/** The reference configuration, its page and the JSON Schema cover exactly the keys of the schema. */

import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Ajv } from 'ajv';
import t from 'tap';
import { parse } from 'yaml';
import { exampleSchema } from '../../src/config/examples/example-schema.ts';
import { formatRules } from '../../src/config/schema/format-rules.ts';
import { configSchema, parseConfig, schemaKeys } from '../../src/config/schema/check.ts';
import { problemCodes, renderProblem, warningCodes } from '../../src/config/reader/problem.ts';
import { configIn } from './fixture.ts';

const read = (name: string) => readFile(new URL(`../../${name}`, import.meta.url), 'utf8');
const reference = await read('config/shelflife.yaml');
const page = await read('docs/config.md');

t.test('config/shelflife.yaml has no problems or warnings with an empty environment', async (t) => {
  const result = parseConfig(reference, { file: 'config/shelflife.yaml', env: {} });
  const found = result.kind === 'ok' ? result.warnings : result.problems;
  t.strictSame(found.map(renderProblem), []);
});

/** The paths of all keys in a value, in the form of `schemaKeys`; names the operator chooses are `*`. */
function pathsIn(value: unknown, path = ''): readonly string[] {
  if (Array.isArray(value)) return [path, ...value.flatMap((item) => pathsIn(item, `${path}[]`))];
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsIn(inner, joined(path, key)))];
}

const joined = (path: string, key: string) =>
  path === '' ? key : `${path}.${path === 'content_types' ? '*' : key}`;

t.test('config/shelflife.yaml and config/demo.yaml have the layout that `shelflife fmt` gives', async (t) => {
  for (const file of ['config/shelflife.yaml', 'config/demo.yaml']) {
    const before = await read(file);
    t.strictSame(formatRules(before, { file, env: {}, upstreamMayBeMissing: true }), {
      kind: 'ok',
      text: before,
    });
  }
});

t.test('every key of the schema is in config/shelflife.yaml', async (t) => {
  const written = new Set(pathsIn(parse(reference)));
  const commented = (path: string) =>
    new RegExp(`^ *# ${/\w+$/.exec(path)?.[0] ?? ''}: `, 'm').test(reference);
  t.strictSame(
    schemaKeys.filter((path) => !written.has(path) && !commented(path)),
    [],
  );
});

t.test('docs/config.md has a row for every key of the schema, and for no other', async (t) => {
  const sections = [...page.matchAll(/^## .*$/gm)].flatMap(([heading]) => [
    ...heading.matchAll(/`([a-z_]+)`/g),
  ]);
  const rows = [...page.matchAll(/^\| `([a-z_]+(?:[.[][^`]*)?)` \|/gm)];
  const documented = new Set([...sections, ...rows].map((match) => match[1] ?? ''));
  t.strictSame(
    schemaKeys.filter((path) => !documented.has(path)),
    [],
  );
  t.strictSame(
    [...documented].filter((path) => path.includes('.') && !schemaKeys.includes(path)),
    [],
  );
});

t.test('docs/config.md explains every code, and no other', async (t) => {
  const codes = [...page.slice(page.indexOf('## Problems')).matchAll(/^\| `([a-z-]+)` \|/gm)].map(
    (match) => match[1],
  );
  t.strictSame(codes, [...problemCodes, ...warningCodes]);
});

t.test('every example in docs/config.md that is a whole file is valid', async (t) => {
  const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
  t.ok(examples.length > 0);
  for (const example of examples) t.equal(parseConfig(example, { file: 'docs', env: {} }).kind, 'ok');
});

t.test('config/shelflife.yaml has no key of another name in its comments', async (t) => {
  const names = new Set(schemaKeys.map((path) => /[a-z_]+$/.exec(path)?.[0]));
  const commented = [...reference.matchAll(/^ {0,8}# {1,3}([a-z_]+): /gm)].map((match) => match[1]);
  t.ok(commented.length > 10);
  t.strictSame(
    commented.filter((name) => !names.has(name)),
    [],
  );
});

const root = new URL('../../', import.meta.url).pathname;

t.test('config/*.schema.json are what `shelflife schema` prints', async (t) => {
  const command = (of: string) => `shelflife schema ${of} > config/…; the file is out of date`;
  t.strictSame(JSON.parse(await read('config/shelflife.schema.json')), configSchema, command('rules'));
  t.strictSame(JSON.parse(await read('config/examples.schema.json')), exampleSchema, command('examples'));
});

t.test('every configuration and file of examples here names its JSON Schema and follows it', async (t) => {
  const files = globSync('config/*.yaml', { cwd: root });
  t.ok(files.length > 3);
  const follows = new Ajv({ strictTypes: false }).compile(exampleSchema);
  for (const file of files) {
    const text = await read(file);
    const isExamples = file.endsWith('.test.yaml');
    const name = isExamples ? 'examples' : 'shelflife';
    t.match(
      text.split('\n', 1)[0],
      new RegExp(`^# yaml-language-server: \\$schema=\\S*${name}.schema.json$`),
      file,
    );
    if (isExamples) t.ok(follows(parse(text)), `${file}: ${JSON.stringify(follows.errors)}`);
    else t.ok(configIn(text, { env: { SECRET_KEY: 'x' }, upstreamMayBeMissing: true }), file);
  }
});
