/** `shelflife diff OLD NEW`: what changes for which requests, and what a reload would end. */

import { type Command, Option } from 'commander';
import type { Config } from '../config/config.ts';
import { changedForRestart, withoutRestart } from '../control/reload.ts';
import { type ConfigDiff, type Difference, diffConfigs, type RuleChange } from '../explain/config-diff.ts';
import { loadConfig, tellProblems } from './load-config.ts';
import type { Terminal } from './terminal.ts';

/** As for `purge`: neither success nor a failure. */
const theyDiffer = 3;

/** Adds the command. */
export function addDiff(program: Command, terminal: Terminal): void {
  program
    .command('diff')
    .description('say what changes between two configuration files, and what a reload would end')
    .argument('<old-file>', 'the configuration in force')
    .argument('<new-file>', 'the configuration to come')
    .addOption(new Option('--format <format>', 'the output format').choices(['text', 'json']).default('text'))
    .action((oldFile: string, newFile: string, { format }: { format: string }) =>
      diff(terminal, [oldFile, newFile], format),
    );
}

async function diff(
  terminal: Terminal,
  [oldFile, newFile]: readonly [string, string],
  format: string,
): Promise<void> {
  const before = await load(terminal, oldFile);
  const after = await load(terminal, newFile);
  if (before === undefined || after === undefined) return;
  const restart = changedForRestart(before, after);
  const found = diffConfigs(before, after, withoutRestart(before, after));
  const lines = linesOf(found);
  if (format === 'json') terminal.printJson({ ...found, restart });
  else if (lines.length === 0) terminal.print('nothing changes');
  else terminal.print(...lines, '', `A reload ends: ${endsText(found.ends)}`, ...restartLines(restart));
  if (lines.length > 0) terminal.exitCode = theyDiffer;
}

async function load(terminal: Terminal, file: string): Promise<Config | undefined> {
  const loaded = await loadConfig({ file, env: terminal.env, upstreamMayBeMissing: true });
  if (loaded.kind === 'ok') return loaded.config;
  tellProblems(terminal, loaded);
  return undefined;
}

function linesOf({ routes, writes, reordered, settings }: ConfigDiff): readonly string[] {
  return [
    ...groups(routes).flatMap(ruleLines),
    ...groups(writes).flatMap(ruleLines),
    ...reordered.map((rules) => `${rules}: in another order`),
    ...settings.map(differenceLine),
  ];
}

/** Rules with the same differences, together. */
function groups(changes: readonly RuleChange[]): readonly (readonly RuleChange[])[] {
  const byChange = Map.groupBy(changes, ({ change, differences }) => JSON.stringify([change, differences]));
  return [...byChange.values()];
}

function ruleLines(group: readonly RuleChange[]): readonly string[] {
  const [first] = group;
  if (first === undefined) return [];
  const heads = group.map(({ change, rule }) => `${change} ${rule}`);
  return [...heads, ...first.differences.map((one) => `  ${differenceLine(one)}`)];
}

const differenceLine = ({ key, before, after }: Difference): string =>
  before === after ? `${key}: changed` : `${key}: ${before} → ${after}`;

function endsText(ends: ConfigDiff['ends']): string {
  return typeof ends === 'string' ? `${ends} that is stored` : `what is stored as ${ends.join(', ')}`;
}

const restartLines = (sections: readonly string[]): readonly string[] =>
  sections.length === 0 ? [] : [`Takes effect after a restart: ${sections.join(', ')}`];
