/**
 * What every command has: help, a version, and errors on stderr.
 */
import t from 'tap';
import { readFileSync } from 'node:fs';
import { run } from './command.ts';

t.test('--version is the version of the package', async (t) => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  t.strictSame(await run(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
});

t.test('--help names every command, and each has its own', async (t) => {
  const { code, stdout } = await run(['--help']);
  t.equal(code, 0);
  for (const command of ['serve', 'check', 'explain', 'purge']) t.match(stdout, `  ${command} `);
  const help = await run(['purge', '--help']);
  t.equal(help.code, 0);
  t.match(help.stdout, '--dry-run');
});

t.test('an unknown command or option is reported on stderr, with exit code 1', async (t) => {
  for (const args of [
    ['nothing'],
    ['serve', '--nothing'],
    ['check'],
    ['explain', 'GET', '/', '--status', 'x'],
  ]) {
    const { code, stdout, stderr } = await run(args);
    t.equal(code, 1, args.join(' '));
    t.equal(stdout, '', args.join(' '));
    t.match(stderr, 'error:', args.join(' '));
  }
});
