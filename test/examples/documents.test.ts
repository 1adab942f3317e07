/** The configurations shown in the documents are valid. */
import t from 'tap';
import { readFileSync } from 'node:fs';
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
