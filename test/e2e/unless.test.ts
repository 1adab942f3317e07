/** `unless`: if the head decides, client and waiting requests learn the result with the head. */
import t from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { barrier, cacheStatus, startSite } from '../helpers/scripted-site.ts';

const rules = `
content_types:
  page: { ttl: 60s, scope: public, unless: { response_header: { x-degraded: "1" }, smaller_than: 10B, json: { /ok: false } } }
routes:
  - { match: GET /*, type: page }
`;

t.test('Cache-Status does not say `stored` when the head shows that it is not', async (t) => {
  const site = await startSite(rules);
  t.teardown(() => site.close());
  const cases = [
    ['/degraded', { 'x-degraded': '1' }, 'long enough for anybody', false],
    ['/short', {}, 'short', false],
    ['/fine', {}, 'long enough for anybody', true],
  ] as const;
  for (const [path, fields, body, isSaid] of cases) {
    site.answerWith((_request, response) => {
      response.writeHead(200, { ...fields, 'content-length': String(body.length) }).end(body);
    });
    for (const time of ['first', 'second']) {
      const answer = await fetch(site.url + path);
      t.equal(await answer.text(), body);
      const isStored = /stored|hit/.test(cacheStatus(answer));
      t.equal(isStored, isSaid, `${path}, ${time}: ${cacheStatus(answer)}`);
    }
  }
});

t.test('requests do not wait for a body when its head shows that it cannot be shared', async (t) => {
  const site = await startSite(rules);
  t.teardown(() => site.close());
  const mayEnd = barrier();
  let asked = 0;
  site.answerWith((_request, response) => {
    asked += 1;
    response.writeHead(200, { 'x-degraded': '1' });
    response.write('the beginning of a long page');
    void mayEnd.reached.then(() => response.end());
  });
  const answers = [fetch(`${site.url}/page`), fetch(`${site.url}/page`)];
  await eventually('both are asked for, though neither has ended', () => asked === 2);
  mayEnd.arrive();
  for (const answer of await Promise.all(answers)) t.equal((await answer.text()).length, 28);
});
