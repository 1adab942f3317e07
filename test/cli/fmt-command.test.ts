/** `fmt`: what it writes, what it prints, and its exit codes. */

import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import t from 'tap';
import { fileOf, run } from './command.ts';

const untidy = 'upstream:   http://127.0.0.1:9 # the app\n';
const tidy = 'upstream: http://127.0.0.1:9 # the app\n';

t.test('`fmt` rewrites the files that need it, through links, and says which', async (t) => {
  const [first, second] = [fileOf(t, untidy), fileOf(t, tidy)];
  chmodSync(first, 0o660);
  const link = `${first}.link`;
  symlinkSync(first, link);
  t.strictSame(await run(['fmt', '--check', link, second]), { code: 1, stdout: `${link}\n`, stderr: '' });
  t.equal(readFileSync(first, 'utf8'), untidy);
  t.strictSame(await run(['fmt', link, second]), { code: 0, stdout: `${link}\n`, stderr: '' });
  t.equal(readFileSync(first, 'utf8'), tidy);
  t.equal(statSync(first).mode & 0o777, 0o660);
  t.strictSame(readdirSync(dirname(first)).sort(), ['rules.yaml', 'rules.yaml.link']);
  t.match(await run(['fmt', '--check', link, second]), { code: 0, stdout: '' });
});

t.test('`fmt` leaves a bad file as it is, and goes on with the next', async (t) => {
  const [bad, good] = [fileOf(t, 'ttl:   { default: soon }\n'), fileOf(t, untidy)];
  t.match(await run(['fmt', bad, `${bad}.none`, good]), {
    code: 1,
    stdout: `${good}\n`,
    stderr: /bad-duration[^]*none cannot be formatted: no such file/,
  });
  t.equal(readFileSync(bad, 'utf8'), 'ttl:   { default: soon }\n');
});

t.test('`fmt -` takes stdin to stdout', (t) => {
  const { stdout, status } = spawnSync(process.execPath, ['src/cli.ts', 'fmt', '-'], {
    input: untidy,
    encoding: 'utf8',
  });
  t.strictSame([status, stdout], [0, tidy]);
  t.end();
});
