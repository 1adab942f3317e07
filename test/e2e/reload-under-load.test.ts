/** Rules change back and forth under load: no request fails, and no entry outlives the rule it was stored by. */
import { writeFileSync } from 'node:fs';
import t from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { askSite, startOrigin } from '../helpers/instances.ts';
import { redisServer } from '../helpers/redis-server.ts';
import { controlToken, startServing } from '../helpers/serving.ts';

/** What the page's rule is in turn. */
const turns = [
  'page: { ttl: 600s, scope: public, cache_control: override }',
  'page: { ttl: 60s, scope: user, cache_control: override }',
  'page: { ttl: 600s, scope: public, cache_control: override, tags: ["page:{id}"] }',
  'pass',
];

const rules = (upstream: string, redisUrl: string, turn: string): string => `
upstream: ${upstream}
store: { redis: { url: "${redisUrl}", deadline: 5s } }
identity: { credentials: [session] }
content_types: { ${turn === 'pass' ? '' : turn} }
routes:
  - { match: GET /p/:id, type: ${turn === 'pass' ? 'pass' : 'page'} }
`;

const rounds = 16;

t.test('reloads under load', async (t) => {
  const redis = await redisServer(t);
  const origin = await startOrigin(t);
  let round = 0;
  origin.answerWith((_request, response) => {
    const asked = round;
    setTimeout(() => response.end(String(asked)), asked % 3);
  });
  const textOf = (at: number): string => rules(origin.url, redis.url, turns[at % turns.length] ?? '');
  const serving = await startServing(t, textOf(0));
  const failures: string[] = [];
  let inForce = 0;
  let answers = 0;
  let isOver = false;
  const client = async (): Promise<void> => {
    for (let at = 0; !isOver; at += 1) {
      const since = inForce;
      try {
        const { status, text, fate } = await askSite(`${serving.site}/p/${at % 10}`);
        const isOld = Number(text) < since;
        // While a reload is on its way either rule may be the one in force.
        const isSettled = inForce === since && round === since;
        const isStored = isSettled && turns[since % turns.length] === 'pass' && fate.startsWith('hit');
        if (status !== 200 || isOld || isStored) failures.push(`${status} ${text} in ${since}: ${fate}`);
      } catch (error) {
        failures.push(String(error));
      }
      answers += 1;
    }
  };
  const clients = Array.from({ length: 8 }, client);
  for (let next = 1; next <= rounds; next += 1) {
    const enough = answers + 60;
    await eventually('clients are at work', () => answers > enough);
    // Whatever is asked from here on has the new number, whichever rule stores it.
    round = next;
    writeFileSync(serving.file, textOf(next));
    if (next % 4 === 0) {
      const before = serving.lines.length;
      serving.process.kill('SIGHUP');
      const told = () =>
        serving.lines.slice(before).some(({ msg, cause }) => msg.includes('reloaded') && cause === 'SIGHUP');
      await eventually('it says so', told);
    } else {
      const headers = { authorization: `Bearer ${controlToken}` };
      const { status } = await fetch(`${serving.control}/reload`, { method: 'POST', headers });
      t.equal(status, 200);
    }
    inForce = next;
  }
  isOver = true;
  await Promise.all(clients);
  t.strictSame(failures.slice(0, 5), []);
  t.ok(answers > rounds * 60);
  t.equal(await serving.end('SIGTERM'), 0);
});
