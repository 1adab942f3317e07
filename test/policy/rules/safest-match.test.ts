import t from 'tap';
import { compileRules } from '../../../src/policy/rules/rules.ts';
import { configOf } from '../config-of.ts';

const routes = `
content_types: { page: { scope: public, tags: ["t:{id}"] }, home: { scope: user } }
routes:
  - { match: GET /private/*, type: pass }
  - { match: GET /page/:id, type: page }
  - { match: GET /page/:dir/:id, type: page, tags: ["dir:{dir}"] }
  - { match: GET /mixed/:id, type: page }
  - { match: GET /mixed/:dir/:id, type: home }
  - { match: GET /plain/:id, type: standard }
  - { match: GET /trial/:id, type: page }
  - { match: GET /trial/:dir/:id, type: page, shadow: true }
  - { match: GET /few/:id, type: page, rollout: { percent: 5 } }
  - { match: GET /few/:dir/:id, type: page }
  - { match: GET /same/:id, type: page, shadow: true }
  - { match: GET /same/:dir/:id, type: page, shadow: true }
`;
const asked = { query: undefined, fields: [] };

const cases: readonly (readonly [
  path: string,
  unmatched: 'standard' | 'pass',
  type: string,
  isAmbiguous?: true,
])[] = [
  ['/private/a', 'standard', 'pass'],
  ['/private%2Fa', 'standard', 'pass'],
  ['/page/..%2F..%2Fprivate%2Fa', 'standard', 'pass'],
  ['/page/a', 'standard', 'page'],
  ['/page/a%2Fb', 'standard', 'page'],
  ['/page/a%2Fb', 'pass', 'page'],
  ['/page/a%2Fb%2Fc', 'standard', 'page'],
  ['/page/a%2Fb%2Fc', 'pass', 'pass'],
  ['/page/a%2F..', 'standard', 'pass', true],
  ['/page/..%5Ca', 'standard', 'pass', true],
  ['/mixed/a%2Fb', 'standard', 'pass', true],
  ['/mixed/a%2Fb%2Fc', 'standard', 'page'],
  ['/nowhere%2Fpage', 'standard', 'standard'],
  ['/page%2Fa', 'standard', 'pass', true],
  ['/plain%2Fa', 'standard', 'standard'],
  ['/page//a', 'standard', 'pass', true],
  ['/trial/a', 'standard', 'page'],
  ['/trial/a%2Fb', 'standard', 'pass', true],
  ['/few/a%2Fb', 'standard', 'pass', true],
  ['/same/a%2Fb', 'standard', 'page'],
];

for (const [path, unmatched, type, isAmbiguous] of cases) {
  t.test(`unmatched: ${unmatched}; ${path} is ${type}`, async (t) => {
    const { match } = compileRules(configOf(`${routes}unmatched: ${unmatched}\n`));
    const found = match('GET', path, asked);
    t.equal(found.contentType.name, type);
    t.equal(found.isAmbiguous, isAmbiguous);
  });
}

t.test('the route of the path as sent decides, with the tags of the others', async (t) => {
  const { match, matchWrites } = compileRules(
    configOf(`${routes}writes: [{ match: POST /a/b, invalidate: [x] }]\n`),
  );
  const { params, readings } = match('GET', '/page/a%2Fb', asked);
  t.same(params, { id: 'a%2Fb' });
  t.same(
    readings?.map((reading) => reading.params),
    [{ dir: 'a', id: 'b' }],
  );
  t.same(
    matchWrites('POST', '/a%2Fb', asked).map(([write]) => write?.rule.invalidate[0]?.raw),
    [undefined, 'x'],
  );
});
