/** `serve --record` and `init`: what they write, and what they say of bad input. */

import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { run, serve, startOrigin } from './command.ts';

function folderOf(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'shelflife-init-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}

async function startApp(t: Test): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const url = await startOrigin(t, (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.setHeader('set-cookie', request.url === '/list' ? ['PHPSESSID=abc'] : []);
    response.end('a page');
  });
  return { url, asked };
}

t.test('`serve --record` writes a line for each exchange, and `init` drafts rules from them', async (t) => {
  const { url } = await startApp(t);
  const folder = folderOf(t);
  const [record, rules] = [join(folder, 'traffic.jsonl'), join(folder, 'rules.yaml')];
  const serving = await serve(t, ['--upstream', url, '--record', record]);
  for (let index = 0; index < 8; index += 1) {
    const response = await fetch(`${serving.site}/page`, { headers: { cookie: 'PHPSESSID=secret-of-dana' } });
    t.match(response.headers.get('cache-status'), /detail=shadow/);
    await response.text();
  }
  t.equal(await serving.stop('SIGTERM'), 0);
  const text = readFileSync(record, 'utf8');
  t.equal(text.trim().split('\n').length, 8);
  t.equal(statSync(record).mode & 0o777, 0o600);
  t.notMatch(text, /secret-of-dana/);
  const { code, stdout } = await run(['init', '--from-traffic', record, '--upstream', url, '--out', rules]);
  t.match({ code, stdout }, { code: 0, stdout: /PHP; cookies PHPSESSID\n1 routes/ });
  t.match(await run(['test', rules]), { code: 0, stdout: /all passed/ });
  t.match(await run(['init', '--from-traffic', record, '--upstream', url, '--out', rules]), {
    code: 1,
    stderr: /rules.yaml exists; choose another/,
  });
});

t.test('`init` from an access log asks the app for its pages, twice and without a session', async (t) => {
  const { url, asked } = await startApp(t);
  const folder = folderOf(t);
  const [log, rules] = [join(folder, 'access.log'), join(folder, 'rules.yaml')];
  const line = (method: string, path: string): string =>
    `10.0.0.1 - - [30/Nov/2026:17:26:10 +0000] "${method} ${path} HTTP/1.1" 200 512 "-" "-"\n`;
  writeFileSync(log, `${line('GET', '/list').repeat(12)}${line('POST', '/list')}not a line\n`);
  const { code, stdout, stderr } = await run(['init', '--from-traffic', log, '--upstream', url, '-o', rules]);
  t.match(
    { code, stdout, stderr },
    { code: 0, stdout: /PHP; cookies PHPSESSID/, stderr: /1 lines tell of no exchange/ },
  );
  t.strictSame(asked, ['GET /list', 'GET /list']);
  t.match(await run(['check', rules]), { code: 0 });
  t.match(await run(['test', rules]), { code: 0, stdout: /1 examples.*all passed/ });
  t.match(readFileSync(rules, 'utf8'), /GET \/list, type: logged_page }.*12 requests; may be stored/);
});

t.test('what cannot be read is said in one line', async (t) => {
  const none = join(folderOf(t), 'none.log');
  const upstream = ['--upstream', 'http://127.0.0.1:9', '-o', `${none}.yaml`];
  t.match(await run(['init', '--from-traffic', none, ...upstream]), {
    code: 1,
    stderr: /none.log cannot be read: no such file/,
  });
  writeFileSync(none, 'hello\n');
  t.match(await run(['init', '--from-traffic', none, ...upstream]), {
    code: 1,
    stderr: /no exchange in .*none.log; give/,
  });
  for (const [what, why] of [
    [folderOf(t), /cannot be read: .*director/],
    [`${none}.gz`, /none.log.gz cannot be read/],
  ] as const) {
    if (what.endsWith('.gz')) writeFileSync(what, 'hello\n');
    t.match(await run(['init', '--from-traffic', what, ...upstream]), { code: 1, stderr: why });
  }
  const line = '10.0.0.1 - - [30/Nov/2026:17:26:10 +0000] "GET /a HTTP/1.1" 200 512 "-" "-"\n';
  writeFileSync(`${none}.gz`, gzipSync(line));
  const from = ['init', '--from-traffic', `${none}.gz`, '--upstream', 'http://127.0.0.1:9', '-o'];
  t.match(await run([...from, join(none, 'rules.yaml')]), {
    code: 1,
    stderr: /^[^\n]*rules.yaml and its examples cannot be written: [^\n]*\n$/,
  });
  t.match(await run([...from, `${none}.yaml`]), { code: 0, stdout: /too little was seen for examples/ });
  t.notOk(existsSync(`${none}.test.yaml`));
  t.match(await run(['init', '--from-traffic', none, '--upstream', 'nowhere']), {
    code: 1,
    stderr: /bad-url|--upstream/,
  });
});
