/**
 * The command line as commander knows it. Help, completions and the manual page are made from this tree.
 *
 * A command is a file in this folder with a function that adds it; to add one, list it here under its name.
 */

import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import type { Terminal } from './terminal.ts';

type Adds = (program: Command, terminal: Terminal) => void;

/** Loaded when it is asked for, so that `purge` does not wait for what `serve` needs. */
const commands: Readonly<Record<string, () => Promise<Adds>>> = {
  serve: async () => (await import('./serve.ts')).addServe,
  init: async () => (await import('./init-command.ts')).addInit,
  check: async () => (await import('./check.ts')).addCheck,
  diff: async () => (await import('./diff-command.ts')).addDiff,
  fmt: async () => (await import('./fmt-command.ts')).addFmt,
  explain: async () => (await import('./explain.ts')).addExplain,
  purge: async () => (await import('./purge.ts')).addPurge,
  warm: async () => (await import('./warm-command.ts')).addWarm,
  test: async () => (await import('./test-command.ts')).addTest,
  follow: async () => (await import('./follow/follow-command.ts')).addFollow,
  top: async () => (await import('./top-command.ts')).addTop,
  report: async () => (await import('./report-command.ts')).addReport,
  advise: async () => (await import('./advise-command.ts')).addAdvise,
  audit: async () => (await import('./audit-command.ts')).addAudit,
  quarantine: async () => (await import('./quarantine-command.ts')).addQuarantine,
  schema: async () => (await import('./schema-command.ts')).addSchema,
  rollout: async () => (await import('./rollout-command.ts')).addRollout,
  shadow: async () => (await import('./shadow-command.ts')).addShadow,
  completion: async () => (await import('./completion-command.ts')).addCompletion,
};

/** It describes the others. */
const describesAll = 'completion';

/** It needs none of them. */
const needsNone = '--version';

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

/** What `--help` and the manual page show. */
export const examples: readonly { readonly does: string; readonly line: string }[] = [
  { does: 'put the proxy in front of an app', line: 'shelflife serve --upstream http://127.0.0.1:5000' },
  { does: 'the same with rules', line: 'shelflife serve -c rules.yaml' },
  {
    does: 'draft rules from recorded traffic',
    line: 'shelflife init --from-traffic traffic.jsonl --upstream http://127.0.0.1:5000',
  },
  { does: 'find the mistakes in the rules', line: 'shelflife check rules.yaml' },
  { does: 'why is this page not stored?', line: 'shelflife explain GET /api/files -c rules.yaml' },
  { does: 'remove what a script has changed', line: 'shelflife purge --tag files:1003' },
  { does: 'complete commands in this shell', line: 'source <(shelflife completion bash)' },
];

/** Runs a command line: argv without the program's own name. The exit code is in the terminal. */
export async function runCommand(args: readonly string[], terminal: Terminal): Promise<void> {
  try {
    const program = await createProgram(terminal, args[0]);
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    // It has said why.
    if (error instanceof CommanderError) terminal.exitCode = error.exitCode;
    else terminal.fail(error instanceof Error ? error.message : String(error));
  }
}

/** The program with every command, or with the one that `argument` names. */
export async function createProgram(terminal: Terminal, argument?: string): Promise<Command> {
  const program = new Command('shelflife')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    })
    .description('A caching reverse proxy that stands in front of an unmodified web app')
    .version(manifest.version)
    .showHelpAfterError('(--help says more)')
    .addHelpText('after', ['', 'Examples:', ...examples.flatMap(exampleLines)].join('\n'));
  const all = Object.entries(commands);
  const asked = all.filter(([name]) => name === argument && name !== describesAll);
  const loaded = asked.length > 0 || argument === needsNone ? asked : all;
  for (const [, load] of loaded) (await load())(program, terminal);
  return program;
}

const exampleLines = ({ does, line }: (typeof examples)[number]): readonly string[] => [
  `  # ${does}`,
  `  ${line}`,
];
