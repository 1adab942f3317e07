/** `shelflife completion SHELL`: prints the script that completes commands in a shell. */

import { Argument, type Command, type Option } from 'commander';
import { bashScript, type Completed, fishScript, type Takes, zshScript } from './completion-scripts.ts';
import type { Terminal } from './terminal.ts';

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };
const shells = Object.keys(scripts) as (keyof typeof scripts)[];

/** Adds the command. */
export function addCompletion(program: Command, terminal: Terminal): void {
  program
    .command('completion')
    .description('print what completes commands in a shell: source <(shelflife completion bash)')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .action((shell: keyof typeof scripts) => {
      terminal.print(scripts[shell](program.name(), completedOf(program)));
    });
}

/** Every command below, the program itself first. */
function completedOf(command: Command, path = ''): readonly Completed[] {
  const help = command.createHelp();
  const below = help.visibleCommands(command).filter((one) => one.name() !== 'help');
  const own: Completed = {
    path,
    commands: below.map((one) => ({ name: one.name(), says: one.description() })),
    options: help.visibleOptions(command).map((option) => ({
      flags: [option.short ?? [], option.long ?? []].flat(),
      says: option.description,
      takes: option.isBoolean() || !(option.required || option.optional) ? 'nothing' : takesOf(option),
    })),
    takes: takesOf(command.registeredArguments[0]),
  };
  return [own, ...below.flatMap((one) => completedOf(one, `${path} ${one.name()}`.trim()))];
}

/** `<file>` is a file, in an argument and in an option. */
function takesOf(of: Option | Argument | undefined): Takes {
  if (of === undefined) return 'nothing';
  if (of.argChoices !== undefined) return of.argChoices;
  const placeholder = 'flags' in of ? of.flags : of.name();
  return /\bfile\b/.test(placeholder) ? 'file' : 'text';
}
