/** Every threat in docs/security.md names an existing test. */

import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const [, threats = ''] = /^## Threats\n(.*?)^## /ms.exec(read('../../docs/security.md')) ?? [];
const rows = threats.split('\n').filter((line) => /^\| (?!attack |---)/.test(line));

t.test('every threat in the table has the test it names', (t) => {
  t.ok(rows.length > 30);
  for (const row of rows) {
    const [, file = '', name = ''] = /`((?:\.\.\/[a-z0-9/]+\/)?[a-z0-9-]+)`: (.*?) \|$/.exec(row) ?? [];
    t.ok(read(`./${file}.test.ts`).includes(name), `${file}: ${name}`);
  }
  t.end();
});

t.test('every test file here is named for a threat', (t) => {
  const files = readdirSync(new URL('.', import.meta.url)).filter((file) => file.endsWith('.test.ts'));
  for (const file of files) {
    const name = file.replace('.test.ts', '');
    if (name !== 'threat-table')
      t.ok(
        rows.some((row) => row.includes(`\`${name}\`:`)),
        name,
      );
  }
  t.end();
});
