/** `explain` needs no network and no running proxy. */
import t from 'tap';
import { fileOf, run } from './command.ts';

t.test('explains an exchange under a file, as text and as JSON', async (t) => {
  const args = [
    'explain',
    '-c',
    'config/demo.yaml',
    'get',
    '/api/public_stats',
    '--response-header',
    'Cache-Control: max-age=9',
  ];
  const asText = await run(args);
  t.equal(asText.code, 0);
  t.match(asText.stdout, /content type +public_stats: scope public, cache_control obey/);
  t.match(asText.stdout, /the origin allows 9 s → 9 s/);
  const asJson = await run([...args, '--json', '-H', 'Accept: application/json']);
  const { summary, steps } = JSON.parse(asJson.stdout) as {
    summary: string;
    steps: { step: string; facts: object }[];
  };
  t.equal(summary, 'forwarded, and stored for 9 s');
  t.match(steps.find(({ step }) => step === 'key')?.facts, { accept: 'json' });
});

t.test('without a file the built-in defaults apply', async (t) => {
  const { code, stdout } = await run([
    'explain',
    'GET',
    '/',
    '--status',
    '404',
    '--response-header',
    'Cache-Control: max-age=30',
  ]);
  t.equal(code, 0);
  t.match(stdout, 'stored for 30 s');
});

t.test('an invalid URL or header is reported on stderr', async (t) => {
  t.match(await run(['explain', 'GET', 'nonsense']), { code: 1, stdout: '', stderr: /nonsense is neither/ });
  t.match(await run(['explain', 'GET', '/', '-H', 'nonsense']), {
    code: 1,
    stdout: '',
    stderr: /name: value/,
  });
});

t.test('nothing in a URL reaches the terminal as a control sequence', async (t) => {
  const file = fileOf(
    t,
    [
      'upstream: http://127.0.0.1:5000',
      'content_types: { page: { scope: public, tags: ["page:{id}"] } }',
      'routes: [{ match: "GET /page/:id", type: page }]',
    ].join('\n'),
  );
  const { code, stdout } = await run(['explain', '-c', file, 'GET', '/page/%C2%9B31mred%E2%80%AEx']);
  t.equal(code, 0);
  t.match(stdout, 'page:?31mred?x');
  t.notMatch(stdout, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
});
