/** The manual page, made from the tree of commands. */

import type { Command } from 'commander';

type Example = { readonly does: string; readonly line: string };

/** The page `shelflife(1)` in the macros of man(7). */
export function manPage(program: Command, examples: readonly Example[]): string {
  const help = program.createHelp();
  const lines = [
    `.TH ${program.name().toUpperCase()} 1 "" "${program.name()} ${program.version() ?? ''}"`,
    '.SH NAME',
    roff(`${program.name()} - ${program.description()}`),
    '.SH SYNOPSIS',
    `.B ${roff(help.commandUsage(program))}`,
    '.SH COMMANDS',
    ...help.visibleCommands(program).flatMap((command) => commandLines(command)),
    '.SH EXAMPLES',
    ...examples.flatMap(({ does, line }) => ['.TP', `.B ${roff(line)}`, roff(does)]),
  ];
  return `${lines.join('\n')}\n`;
}

function commandLines(command: Command): readonly string[] {
  const help = command.createHelp();
  const below = help.visibleCommands(command).filter((one) => one.name() !== 'help');
  const terms = [
    ...help.visibleArguments(command).map((one) => [help.argumentTerm(one), help.argumentDescription(one)]),
    ...help.visibleOptions(command).map((one) => [help.optionTerm(one), help.optionDescription(one)]),
  ];
  return [
    `.SS ${roff(help.commandUsage(command))}`,
    roff(command.description()),
    ...terms.flatMap(([term = '', says = '']) => ['.TP', `.B ${roff(term)}`, roff(says)]),
    ...below.flatMap(commandLines),
  ];
}

/** A backslash, and a point or quote that begins a line, mean something to roff; a plain hyphen may be broken. */
const roff = (text: string): string =>
  text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replace(/^[.']/, '\\&$&');
