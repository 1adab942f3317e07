/** The configurations shown in the documents are valid. */
import t from 'tap';
import { readdirSync, readFileSync } from 'node:fs';
import { parseConfig } from '../../src/config/schema/check.ts';
import { parseExamples } from '../../src/config/examples/check-examples.ts';

const yamlIn = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/^( *)```yaml\n([\s\S]*?)^ *```/gm)].map(
    ([, indent = '', text = '']) => text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );

t.test('docs/deploying.md: each file of rules is valid', async (t) => {
  const rules = yamlIn('docs/deploying.md').filter((text) => text.startsWith('upstream:'));
  t.ok(rules.length >= 3);
  for (const text of rules) {
    const read = parseConfig(text, { file: 'deploying.md', env: { SECRET_KEY: 'x' } });
    t.match(read, { kind: 'ok', warnings: [] }, text);
  }
});

t.test('docs/rules-testing.md: the file of examples is valid', async (t) => {
  const [text = ''] = yamlIn('docs/rules-testing.md');
  t.match(parseExamples(text, 'rules-testing.md'), { kind: 'ok' });
});

t.test(
  'docs/coming-from.md: each row has a configuration that is valid, or a command that exists',
  async (t) => {
    const rows = [...readFileSync('docs/coming-from.md', 'utf8').matchAll(/^\| (.+) \| (.+) \|$/gm)].filter(
      ([, , here]) => here !== 'here' && here !== '---',
    );
    const commands = readdirSync('src/cli')
      .map((file) => `src/cli/${file}`)
      .filter((file) => file.endsWith('.ts'));
    const known = commands.map((file) => readFileSync(file, 'utf8')).join('');
    t.ok(rows.length >= 35);
    for (const [, there = '', here = ''] of rows) {
      const code = /`([^`]+)`/.exec(here)?.[1];
      const command = /^shelflife ([a-z]+)$/.exec(code ?? '')?.[1];
      if (code === undefined) t.match(here, /^always/, there);
      else if (command !== undefined) t.match(known, `.command('${command}')`, there);
      else
        t.match(
          parseConfig(`upstream: http://app:80\n${code}\n`, { file: there, env: {} }),
          { kind: 'ok' },
          there,
        );
    }
  },
);
