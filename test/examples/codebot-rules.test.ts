/** The rules for CodeBot's web app, and the examples that check them. */
import t from 'tap';
import { readFileSync } from 'node:fs';
import { parseConfig } from '../../src/config/schema/check.ts';
import { parseExamples } from '../../src/config/examples/check-examples.ts';
import type { Config } from '../../src/config/config.ts';
import type { Example } from '../../src/config/examples/example.ts';
import { compileRules } from '../../src/policy/rules/rules.ts';
import { createTryExample } from '../../src/explain/rule-examples.ts';

const env = { SECRET_KEY: 'for-these-examples-only' };
const parsed = parseConfig(readFileSync('config/codebot.yaml', 'utf8'), { file: 'config/codebot.yaml', env });
const read = parseExamples(readFileSync('config/codebot.test.yaml', 'utf8'), 'config/codebot.test.yaml');
if (parsed.kind !== 'ok' || read.kind !== 'ok') throw new Error(JSON.stringify([parsed, read]));
const { config, warnings } = parsed;
const { file } = read;

t.test('config/codebot.yaml needs only the secret, and gives no warnings', async (t) => {
  t.same(warnings, []);
  t.equal(config.identity.flaskSession?.secret, env.SECRET_KEY);
  const without = parseConfig(readFileSync('config/codebot.yaml', 'utf8'), { file: 'c', env: {} });
  t.match(without, { problems: [{ code: 'missing-variable' }] });
});

t.test('overridden responses are not shared, except one page that is the same for all users', async (t) => {
  const shared = [...config.contentTypes.values()].filter(
    ({ cacheControl, scope }) => cacheControl === 'override' && scope === 'public',
  );
  t.same(
    shared.map(({ name }) => name),
    ['docs_page'],
  );
  const privateFiles = config.routes.filter(({ pattern }) => /download|backup|disk/.test(pattern));
  t.ok(privateFiles.length > 2);
  for (const { pattern, type } of privateFiles) t.equal(type, 'pass', pattern);
});

t.test('every example holds', async (t) => {
  const tryExample = createTryExample(config, file);
  t.ok(new Set(file.examples.map(({ name }) => name)).size >= 120, 'and there are enough of them');
  for (const example of file.examples) {
    const { mismatches } = await tryExample(example);
    t.same(mismatches, [], `${example.line} ${example.name}`);
  }
});

/** Whether an example fails on a changed configuration; those of which `concerns` holds are tried. */
async function isNoticed(changed: Config, concerns: (example: Example) => boolean): Promise<boolean> {
  const tryExample = createTryExample(changed, file);
  for (const example of file.examples.filter(concerns)) {
    if ((await tryExample(example)).mismatches.length > 0) return true;
  }
  return false;
}

const askedOf = ({ request: { method, url }, fields }: Example) => {
  const { pathname, search } = new URL(url.replace(/^\/+/, '/'), 'http://host');
  return [method, pathname, { query: search.slice(1), fields: fields.flat() }] as const;
};

t.test('each route that is removed makes an example fail', async (t) => {
  for (const [index, { methods, pattern, line }] of config.routes.entries()) {
    const alone = compileRules({ ...config, routes: config.routes.slice(index, index + 1), writes: [] });
    const concerns = (example: Example) => alone.match(...askedOf(example)).route !== undefined;
    const changed = { ...config, routes: config.routes.toSpliced(index, 1) };
    t.ok(await isNoticed(changed, concerns), `${methods[0] ?? ''} ${pattern} of line ${line}`);
  }
});

t.test('each pattern of a write that is removed makes an example fail', async (t) => {
  for (const [index, rule] of config.writes.entries()) {
    for (const [at, { methods, pattern }] of rule.matches.entries()) {
      const matches = rule.matches.toSpliced(at, 1);
      const alone = compileRules({
        ...config,
        routes: [],
        writes: [{ ...rule, matches: rule.matches.slice(at, at + 1) }],
      });
      const concerns = (example: Example) =>
        alone.matchWrites(...askedOf(example)).some((found) => found.length > 0);
      const changed = { ...config, writes: config.writes.with(index, { ...rule, matches }) };
      t.ok(await isNoticed(changed, concerns), `${methods[0] ?? ''} ${pattern}`);
    }
  }
});

t.test('each tag that a write does not end any more makes an example fail', async (t) => {
  for (const [index, rule] of config.writes.entries()) {
    const alone = compileRules({ ...config, routes: [], writes: [rule] });
    const concerns = (example: Example) =>
      alone.matchWrites(...askedOf(example)).some((found) => found.length > 0);
    for (const [at, { raw }] of rule.invalidate.entries()) {
      const invalidate = rule.invalidate.toSpliced(at, 1);
      const changed = { ...config, writes: config.writes.with(index, { ...rule, invalidate }) };
      t.ok(await isNoticed(changed, concerns), `${rule.matches[0]?.pattern ?? ''} ends ${raw}`);
    }
  }
});
