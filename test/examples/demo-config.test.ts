/**
 * The rules that `npm start` runs the sample app behind.
 */
import t from 'tap';
import { readFileSync } from 'node:fs';
import { parseConfig } from '../../src/config/schema/check.ts';

const file = 'config/demo.yaml';
const text = readFileSync(file, 'utf8');

t.test(
  'config/demo.yaml has no problems and no warnings, and the same secret and port as the app',
  async (t) => {
    const main = readFileSync('examples/webapp/main.ts', 'utf8');
    const result = parseConfig(text, { file, env: {} });
    if (result.kind !== 'ok') return t.fail('problems', { problems: result.problems });
    t.same(result.warnings, []);
    t.match(main, `'${result.config.identity.flaskSession?.secret ?? 'none'}'`);
    t.equal(result.config.upstream.url, 'http://127.0.0.1:5000');
    t.match(main, "'5000'");
  },
);

t.test('config/demo.yaml takes another secret and port from the environment', async (t) => {
  const result = parseConfig(text, { file, env: { WEBAPP_SECRET: 'another', WEBAPP_PORT: '5999' } });
  if (result.kind !== 'ok') return t.fail('problems', { problems: result.problems });
  t.equal(result.config.identity.flaskSession?.secret, 'another');
  t.equal(result.config.upstream.url, 'http://127.0.0.1:5999');
});

t.test('overridden responses are never shared, and private downloads are never stored', async (t) => {
  const result = parseConfig(text, { file, env: {} });
  if (result.kind !== 'ok') return t.fail('problems', { problems: result.problems });
  const { contentTypes, routes } = result.config;
  for (const type of contentTypes.values()) {
    if (type.cacheControl === 'override') t.equal(type.scope, 'user', type.name);
  }
  t.equal(routes.find((route) => route.pattern.startsWith('/download'))?.type, 'pass');
});
