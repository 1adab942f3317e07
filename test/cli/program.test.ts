/**
 * What every command has: help, a version, errors on stderr, completions and its part of the manual page.
 */
import t from 'tap';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { manPage } from '../../scripts/build/man-page.ts';
import { createProgram, examples } from '../../src/cli/program.ts';
import { Terminal } from '../../src/cli/terminal.ts';
import { run, runProcess } from './command.ts';

t.test('--version is the version of the package', async (t) => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  t.strictSame(await runProcess(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
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
    const ends = args[0] === 'check' ? runProcess : run;
    const { code, stdout, stderr } = await ends(args);
    t.equal(code, 1, args.join(' '));
    t.equal(stdout, '', args.join(' '));
    t.match(stderr, 'error:', args.join(' '));
  }
});

const program = await createProgram(new Terminal(process));
/** Every command, as typed, with its long options. */
const commands = commandsBelow(program);

function commandsBelow(command: Command, path = ''): readonly { path: string; options: readonly string[] }[] {
  return command.commands.flatMap((one) => {
    const own = `${path} ${one.name()}`.trim();
    const options = one.options.flatMap(({ long }) => long ?? []);
    return [{ path: own, options: [...options, '--help'] }, ...commandsBelow(one, own)];
  });
}

t.test('--help ends with examples, each of a command that exists with options that it has', async (t) => {
  const { stdout } = await run(['--help']);
  for (const { line } of examples) {
    t.match(stdout, line);
    const [, name, rest = ''] = /shelflife (\w+) ?(.*)$/.exec(line) ?? [];
    const command = program.commands.find((one) => one.name() === name);
    const known = command?.options.flatMap(({ short, long }) => [short, long]) ?? [];
    for (const [option] of rest.matchAll(/(?<= |^)--?[\w-]+/g))
      t.ok(known.includes(option), `${line}: ${option}`);
  }
});

t.test('the manual page has every command with its options', async (t) => {
  const page = manPage(program, examples).replaceAll('\\-', '-');
  for (const { path, options } of commands) {
    const section = page.slice(page.indexOf(`.SS shelflife ${path} `)).split('\n.SS ')[0] ?? '';
    t.strictSame(
      options.filter((option) => !section.includes(option)),
      [],
      path,
    );
  }
});

t.test(
  'completions of bash offer every command and every option, and files where files belong',
  async (t) => {
    const { stdout: script } = await run(['completion', 'bash']);
    const asked = [
      ...commands.map(({ path }) => `${path} -`),
      '',
      'follow ',
      'check --format ',
      'check ',
      'purge --tag serve --ta',
    ];
    const lines = asked.map((words) => `try ${words === '' || words.endsWith(' ') ? `${words}''` : words}`);
    const tried = spawnSync('bash', [], {
      input: `${script}
try() { COMP_WORDS=(shelflife "$@"); COMP_CWORD=$#; _shelflife; echo "\${COMPREPLY[*]}"; }
${lines.join('\n')}`,
      encoding: 'utf8',
    });
    const offered = tried.stdout.split('\n').map((line) => line.split(' '));
    for (const [index, { path, options }] of commands.entries())
      t.strictSame(
        options.filter((option) => !(offered[index] ?? []).includes(option)),
        [],
        path,
      );
    const names = (path: RegExp) => commands.flatMap((one) => path.exec(one.path)?.[1] ?? []);
    t.strictSame(offered.slice(commands.length), [
      names(/^(\w+)$/),
      names(/^follow (\w+)$/),
      ['text', 'json', 'github'],
      [''],
      ['--tag'],
      [''],
    ]);
  },
);

t.test('completions of fish and zsh name every command and every option', async (t) => {
  const scripts = [(await run(['completion', 'fish'])).stdout, (await run(['completion', 'zsh'])).stdout];
  for (const { path, options } of commands) {
    for (const word of [...path.split(' '), ...options.map((option) => option.slice(2))])
      t.ok(
        scripts.every((script) => script.includes(word)),
        `${path}: ${word}`,
      );
  }
});
