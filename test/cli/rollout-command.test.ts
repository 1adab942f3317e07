/** `shelflife rollout`: a percentage is changed live, people are added and nobody is dropped, and the change has a receipt. */
import t from 'tap';
import { startProxy, token } from '../control/running-proxy.ts';
import { run } from './command.ts';

const rules = `
rollout: { percent: 5 }
identity: { credentials: [session] }
content_types: { page: { ttl: 60s, scope: user, cache_control: override } }
routes: [{ match: GET /*, type: page }]
`;

t.test('`rollout 25` is in force at once, and logged', async (t) => {
  const { get, server, logged } = await startProxy(t, { rules });
  const rollout = (...args: string[]) =>
    run(['rollout', ...args, '--control', server.controlUrl ?? ''], { SHELFLIFE_TOKEN: token });
  const cached = async (): Promise<number[]> => {
    const people = Array.from({ length: 60 }, (_, at) => at);
    const isCached = async (person: number): Promise<boolean> => {
      const { headers } = await get('/1', { cookie: `session=user-${person}` });
      return !(headers.get('cache-status') ?? '').includes('shadow');
    };
    const found = await Promise.all(people.map(isCached));
    return people.filter((person) => found[person]);
  };
  t.match(await rollout(), { code: 0, stdout: /^all +5 % +5 % +the file/m });
  const before = await cached();
  t.match(await rollout('25'), {
    code: 0,
    stdout: 'rollout all: 25 % are cached; before 5 %; a restart forgets this\n',
  });
  const after = await cached();
  t.ok(after.length > before.length && after.length < 40, `${before.length}, then ${after.length} of 60`);
  t.ok(
    before.every((person) => after.includes(person)),
    'nobody is dropped',
  );
  const receipts = logged.filter(({ msg }) => msg === 'rollout changed');
  t.match(receipts, [{ rollout: 'all', percent: 25, from: 5, kept: false }]);
  t.match(await rollout(), { stdout: /^all +25 % +5 % +\S+, \d{4}-/m });
  t.match(await rollout('0', '--json'), { code: 0, stdout: /"percent": 0/ });
  t.strictSame(await cached(), []);
  for (const [args, said] of [
    [['101'], /a number from 0 to 100/],
    [['half'], /a number from 0 to 100/],
    [['5', '--type', 'page'], /has no rollout for type page/],
  ] as const)
    t.match(await rollout(...args), { code: 1, stderr: said });
  const stranger = await run(['rollout', '100', '--control', server.controlUrl ?? ''], {
    SHELFLIFE_TOKEN: 'another-token-of-many-characters-123',
  });
  t.match(stranger, { code: 1, stderr: /token/ });
  t.strictSame(await cached(), [], 'nor does a stranger change it');
});
