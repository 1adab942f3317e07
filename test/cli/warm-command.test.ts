/** `warm` makes a running proxy fetch pages in advance, prints the summary, and shows the result by its exit code. */
import t from 'tap';
import { startProxy } from '../control/running-proxy.ts';
import { run, token } from './command.ts';

const env = { SHELFLIFE_TOKEN: token };

t.test('warms the given URLs: exit code 0, and lists those already fresh', async (t) => {
  const { server } = await startProxy(t);
  const warm = (...args: string[]) => run(['warm', '--control', String(server.controlUrl), ...args], env);
  t.match(await warm('--url', '/a', '--url', '/b'), {
    code: 0,
    stdout: /^asked 2: 2 warmed, 0 already fresh, 0 refused, 0 failed; \d/,
    stderr: '',
  });
  const asJson = await warm('--url', '/a', '--json');
  t.match(JSON.parse(asJson.stdout), { asked: 1, fresh: 1 });
});

t.test('a failed URL is exit code 1, and so is a refusal, with its reason', async (t) => {
  const { server, closeOrigin } = await startProxy(t);
  await closeOrigin();
  const control = String(server.controlUrl);
  t.match(await run(['warm', '--control', control, '--url', '/a'], env), { code: 1, stdout: /1 failed/ });
  const bad = await run(['warm', '--control', control, '--url', 'http://elsewhere.example/'], env);
  t.match(bad, { code: 1, stdout: '', stderr: /400: urls must be a list of paths/ });
});

t.test('a request that cannot be sent is reported in one line', async (t) => {
  t.match(await run(['warm'], env), { code: 1, stderr: /nothing to warm/ });
  t.match(await run(['warm', '--popular', 'many'], env), { code: 1, stderr: /whole number/ });
  t.match(await run(['warm', '--popular', '3', '--control', 'http://127.0.0.1:1'], env), {
    code: 1,
    stderr: /no whole answer from http:\/\/127\.0\.0\.1:1/,
  });
});
