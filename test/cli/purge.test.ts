/** `purge` calls a running proxy, prints the receipt, and shows the result by its exit code. */
import t from 'tap';
import { startProxy } from '../control/running-proxy.ts';
import { run, runProcess, token } from './command.ts';

const env = { SHELFLIFE_TOKEN: token };

t.test('purges the given selectors: exit code 0, or 3 when nothing matched', async (t) => {
  const { server, get } = await startProxy(t);
  const purge = (...args: string[]) => run(['purge', '--control', String(server.controlUrl), ...args], env);
  for (const path of ['/a', '/b', '/c/1', '/c/2']) await get(path);
  t.match(await purge('--url', '/a', '--url', '/b', '--dry-run'), {
    code: 0,
    stdout: /^matched 2 \(dry run/,
  });
  t.match(await purge('--url', '/a', '--url', '/b'), {
    code: 0,
    stdout: /^matched 2; acknowledged by 1 of 1/,
  });
  const nothing = ['purge', '--control', String(server.controlUrl), '--url', '/a'];
  for (const ends of [run, runProcess])
    t.match(await ends(nothing, env), { code: 3, stdout: /^matched 0: nothing matched/, stderr: '' });
  const asJson = await purge('--prefix', '/c/', '--soft', '--json');
  t.match(JSON.parse(asJson.stdout), { matched: 2, instances: { known: 1, acknowledged: 1 } });
  t.match(await purge('--all'), { code: 0, stdout: /^matched 2/ });
});

t.test('a refusal is exit code 1 with its reason on stderr', async (t) => {
  const { server } = await startProxy(t);
  const control = String(server.controlUrl);
  const wrong = { SHELFLIFE_TOKEN: 'another-token-of-many-characters-here' };
  t.match(await run(['purge', '--control', control, '--all'], wrong), {
    code: 1,
    stdout: '',
    stderr: /401: .*wrong/,
  });
  const bad = await run(['purge', '--control', control, '--url', 'nonsense'], env);
  t.match(bad, { code: 1, stdout: '', stderr: /400: "nonsense" is neither/ });
});

t.test('a request that cannot be sent is reported in one line', async (t) => {
  const cases: readonly (readonly [args: readonly string[], said: RegExp])[] = [
    [['--all', '--control', 'http://127.0.0.1:1'], /no answer from http:\/\/127\.0\.0\.1:1/],
    [['--all', '--control', 'nonsense'], /nonsense is not an http/],
    [[], /nothing selected/],
  ];
  for (const [args, said] of cases)
    t.match(await run(['purge', ...args], env), { code: 1, stdout: '', stderr: said });
  t.match(await run(['purge', '--all']), { code: 1, stderr: /SHELFLIFE_TOKEN/ });
});
