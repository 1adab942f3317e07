import { writeFileSync } from 'node:fs';
import t from 'tap';
import { fileOf, run, start } from './command.ts';

const rules =
  'upstream: http://127.0.0.1:9\ncontent_types: { list: { ttl: ${LIFE} } }\nroutes:\n  - { match: GET /a, type: list }\n';
const examples = (ttl: string) =>
  `env: { LIFE: 2m }\nexamples:\n  - name: kept for two minutes\n    request: GET /a\n    expect: { ttl: ${ttl} }\n`;

t.test('`test` tries the examples beside a configuration: 0 when all pass', async (t) => {
  const file = fileOf(t, rules);
  writeFileSync(file.replace('.yaml', '.test.yaml'), examples('2m'));
  for (const given of [file, file.replace('.yaml', '.test.yaml')]) {
    const { code, stdout, stderr } = await run(['test', given]);
    t.match(
      { code, stdout, stderr },
      { code: 0, stdout: /1 examples of .*rules\.yaml: all passed/, stderr: '' },
    );
  }
});

t.test('`test` explains each failure, as JSON too, and ends with 1', async (t) => {
  const file = fileOf(t, rules);
  const beside = file.replace('.yaml', '.test.yaml');
  writeFileSync(beside, examples('3m'));
  const told = await run(['test', file]);
  t.equal(told.code, 1);
  t.match(told.stdout, `${beside}:4:14 kept for two minutes\n    GET /a\n    ttl: expected 180 s, got 120 s`);
  const json = await run(['test', '--json', file]);
  t.equal(json.code, 1);
  t.match(JSON.parse(json.stdout), {
    examples: 1,
    failed: 1,
    failures: [{ line: 4, mismatches: [{ what: 'ttl', expected: '180 s', found: '120 s' }] }],
  });
});

t.test('`test` refuses an unreadable file, with the place of each problem', async (t) => {
  const file = fileOf(t, rules);
  t.match(await run(['test', file]), { code: 1, stdout: '', stderr: /rules\.test\.yaml cannot be read/ });
  const beside = file.replace('.yaml', '.test.yaml');
  writeFileSync(beside, 'examples:\n  - { name: a, request: GET /a }\n');
  t.match(await run(['test', file]), { code: 1, stderr: `${beside}:2:5 missing-key` });
  writeFileSync(beside, examples('2m').replace('LIFE', 'OTHER'));
  t.match(await run(['test', file]), { code: 1, stderr: /missing-variable/ });
});

t.test('19.6: `test --watch` runs again after each change, and a bad file does not end it', async (t) => {
  const file = fileOf(t, rules);
  const beside = file.replace('.yaml', '.test.yaml');
  writeFileSync(beside, examples('3m'));
  const { told } = start(t, ['test', '--watch', file]);
  await told('1 failed');
  writeFileSync(beside, 'examples: 7\n');
  await told('wrong-type');
  writeFileSync(beside, examples('2m'));
  await told('all passed');
  writeFileSync(file, 'routes: 7\n');
  await told('routes: 7');
  writeFileSync(file, rules.replace('GET /a', 'GET /:a'));
  await told('all passed');
});
