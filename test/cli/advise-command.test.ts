/** `shelflife advise`: prints what a running proxy advises, and writes it into the rules and their tests. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { applyAdvices } from '../../src/cli/apply-advice.ts';
import { replaceFiles } from '../../src/cli/replace-files.ts';
import { parseConfig } from '../../src/config/schema/check.ts';
import { epochMs } from '../../src/kit/time.ts';
import { missingVaryAdvice, needlessAdvice } from '../../src/trust/advice/input-advice.ts';
import type { Advice, Patch } from '../../src/trust/advice/advice.ts';
import { startSite } from '../helpers/scripted-site.ts';
import { TestClock } from '../helpers/test-clock.ts';
import { run, token } from './command.ts';

const rules = `# Ours.
control: { token: ${token} }
ttl: { jitter: 0 }
content_types:
  page:
    ttl: 60s      # a guess
    scope: public
    cache_control: override
routes:
  - { match: GET /*, type: page }
writes:
  - { name: save, match: POST /save, invalidate: [] }
`;

function folderOf(t: Test, files: Readonly<Record<string, string>>): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'shelflife-advise-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true });
  });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return (name) => join(folder, name);
}

t.test('prints an advice with its evidence, and writes it with an example that test covers', async (t) => {
  const clock = new TestClock();
  const site = await startSite(rules, { clock, answer: (_request, response) => response.end('the same') });
  t.teardown(() => site.close());
  for (let round = 0; round < 40; round += 1) {
    await (await fetch(`${site.url}/1`)).text();
    clock.advance(600);
  }
  const at = folderOf(t, { 'rules.yaml': rules });
  const [env, control] = [{ SHELFLIFE_TOKEN: token }, ['--control', site.proxy.controlUrl ?? '']];
  const shown = await run(['advise', ...control], env);
  t.match(shown.stdout, /longer:page: copies of page may live 2m instead of 1m\n/);
  t.match(shown.stdout, /stale hits: 0\.0 % \(0\.0 % – [\d.]+ %\) now/);
  t.match(shown.stdout, /ttl: 2m {4}# was 1m/);
  const written = await run(['advise', ...control, '--write', at('rules.yaml')], env);
  t.same([written.code, written.stderr], [0, '']);
  t.equal(
    readFileSync(at('rules.yaml'), 'utf8'),
    rules.replace('ttl: 60s ', 'ttl: 2m '),
    'all else as it was',
  );
  t.match(readFileSync(at('rules.test.yaml'), 'utf8'), /GET \/1.* ttl: 2m /);
  const tested = await run(['test', at('rules.yaml')]);
  t.match(tested.stdout, /^1 examples of .*: all passed/);
  const again = await run(['advise', ...control, '--write', at('rules.yaml')], env);
  t.equal(again.code, 1);
  t.match(again.stderr, /nothing is written: longer:page does not fit .*: it is about other rules/);
});

const patched = (patch: Patch): Advice =>
  ({
    id: 'x',
    patch,
    example: { name: 'as advised', request: 'GET /1', expect: { type: 'page' } },
  }) as unknown as Advice;
const ttl = (value: string, from = '1m'): Patch => ({
  op: 'set',
  path: ['content_types', 'page', 'ttl'],
  value,
  from,
});

t.test('what does not fit is refused as a whole, and says why', async (t) => {
  const old = 'examples:\n  - { name: old, request: GET /1, expect: { ttl: 60s } }\n';
  for (const { patch, text = rules, tests, said } of [
    { patch: ttl('2m', '3m'), said: /about other rules/ },
    { patch: ttl('2m'), text: rules.replace('  page:', '  other:'), said: /bad|unknown/ },
    {
      patch: ttl('2m'),
      text: rules.replace('page:\n    ttl', 'page: &p\n    ttl') + 'x: 1\n',
      said: /unknown-key/,
    },
    { patch: ttl('never'), said: /bad-duration/ },
    { patch: ttl('2m'), tests: old, said: /would fail:\n.*old\n.*\n *ttl: expected 60 s, got 120 s/ },
    { patch: ttl('2m'), tests: 'examples: 1\n', said: /cannot be read/ },
    {
      patch: { op: 'add', path: ['writes', 0, 'invalidate'], value: 'a', from: 'gone' },
      said: /other rules/,
    },
    {
      patch: { op: 'remove', path: ['writes', 0, 'invalidate'], value: 'a', from: 'save' },
      said: /other rules/,
    },
  ] as { patch: Patch; text?: string; tests?: string; said: RegExp }[]) {
    const files = {
      rules: { file: 'rules.yaml', text },
      tests: { file: 'rules.test.yaml', text: tests },
      env: {},
    };
    const applied = await applyAdvices(files, [patched(patch)]);
    t.equal(applied.kind, 'refused', String(said));
    if (applied.kind === 'refused') t.match(applied.lines.join('\n'), said);
  }
  const add: Patch = { op: 'add', path: ['writes', 0, 'invalidate'], value: 'type:page', from: 'save' };
  const files = {
    rules: { file: 'rules.yaml', text: rules },
    tests: { file: 'rules.test.yaml', text: old },
    env: {},
  };
  t.match(await applyAdvices(files, [patched(add)]), {
    kind: 'ok',
    rules: rules.replace('invalidate: []', 'invalidate: [ type:page ]'),
    tests: /name: old, .*\n {2}- \{ name: as advised, /,
  });
  const path = ['content_types', 'page', 'scope'];
  const open = patched({ op: 'set', path, value: 'public', from: 'user' });
  t.match(await applyAdvices(files, [open]), { kind: 'refused', lines: [/about other rules than these/] });
  const personal = rules.replace('scope: public', 'scope: user');
  const opened = await applyAdvices({ ...files, rules: { file: 'rules.yaml', text: personal } }, [open]);
  t.match(opened, { kind: 'ok', rules });
});

t.test('each kind of advice changes the rules so that its example passes', async (t) => {
  const text = rules.replace(
    'scope: public',
    'scope: public\n    vary: { headers: [x-theme, x-b], cookies: [ui_theme] } # why',
  );
  const parsed = parseConfig(text, { file: 'rules.yaml', env: {}, upstreamMayBeMissing: true });
  const type = parsed.kind === 'ok' ? parsed.config.contentTypes.get('page') : undefined;
  if (type === undefined) throw new Error('no type');
  const set = (size: number): Set<string> => new Set(Array.from({ length: size }, (_, at) => String(at)));
  const seen = {
    contentType: 'page',
    same: 200,
    differ: 0,
    values: set(9),
    bodies: set(9),
    since: epochMs(0),
    target: '/a/7?x=1',
  };
  const advices = [
    needlessAdvice({ ...seen, kind: 'query', name: 'utm_source' }, type, 1),
    needlessAdvice({ ...seen, kind: 'header', name: 'x-theme' }, type, 1),
    needlessAdvice({ ...seen, kind: 'cookie', name: 'ui_theme' }, type, 1),
    missingVaryAdvice({ ...seen, name: 'accept-language', answers: 99 }, type),
  ].filter((advice) => advice !== undefined);
  t.equal(advices.length, 4);
  const files = {
    rules: { file: 'rules.yaml', text },
    tests: { file: 'rules.test.yaml', text: undefined },
    env: {},
  };
  const vary = 'vary: { headers: [x-b, accept-language], cookies: [] } # why';
  t.match(await applyAdvices(files, advices), {
    kind: 'ok',
    rules: text
      .replace('vary: { headers: [x-theme, x-b], cookies: [ui_theme] } # why', vary)
      .replace('cache_control: override', 'cache_control: override\n    query: { ignore: [ utm_source ] }'),
  });
});

t.test('files are replaced together, or not at all', async (t) => {
  const at = folderOf(t, { a: 'old', b: 'old' });
  chmodSync(at('a'), 0o640);
  const change = (name: string, known?: string) => ({ file: at(name), known, content: 'new' });
  t.equal(await replaceFiles([change('a', 'old'), change('b', 'other')]), at('b'), 'changed meanwhile');
  t.equal(readFileSync(at('a'), 'utf8'), 'old');
  writeFileSync(`${at('b')}.${process.pid}.new`, 'in the way');
  await t.rejects(replaceFiles([change('c'), change('a', 'old'), change('b', 'old')]), { code: 'EEXIST' });
  t.same([readFileSync(at('a'), 'utf8'), existsSync(at('c'))], ['old', false], 'what was replaced is back');
  t.equal(await replaceFiles([change('a', 'old'), change('c')]), undefined);
  t.same([readFileSync(at('a'), 'utf8'), readFileSync(at('c'), 'utf8')], ['new', 'new']);
  t.equal(statSync(at('a')).mode & 0o777, 0o640, 'the mode stays');
});
