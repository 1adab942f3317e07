/**
 * A configuration file, or the built-in configuration, with what the command line says in their place.
 */

import { readFile } from 'node:fs/promises';
import { builtInConfig, parseConfig, type ParseResult } from '../config/schema/check.ts';
import type { Config } from '../config/config.ts';
import type { Environment } from '../config/reader/environment.ts';
import { expectedAddress, parseAddress } from '../config/reader/read-address.ts';
import { locatorOf, type Problem, renderProblem } from '../config/reader/problem.ts';
import type { ReadConfigResult } from '../control/reload.ts';
import { ruleProblems } from '../policy/rules/rules.ts';
import { tell } from './output.ts';

export type ConfigSource = {
  readonly file?: string | undefined;
  readonly upstream?: string | undefined;
  /** `HOST:PORT`, both. */
  readonly listen?: string | undefined;
  readonly control?: string | undefined;
  /** In place of the process's own. */
  readonly env?: Environment;
  /** A file that names no upstream is then none the worse: nothing will be sent there. */
  readonly upstreamMayBeMissing?: boolean;
};

/** A good one comes with the text it was read from; empty without a file. */
export type LoadedConfig =
  | Exclude<ReadConfigResult, { readonly kind: 'ok' }>
  | (Extract<ReadConfigResult, { readonly kind: 'ok' }> & { readonly text: string });

/** Reads and checks; never throws. */
export async function loadConfig(source: ConfigSource): Promise<LoadedConfig> {
  const { file, env = process.env } = source;
  if (file === undefined) return finish('', source, builtInConfig({ ...source, env }));
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    return { kind: 'unreadable', message: `${file} cannot be read: ${reasonOf(error)}` };
  }
  return finish(text, source, parseConfig(text, { ...source, file, env }));
}

/** Says on stderr what is wrong, every problem with its place. */
export function tellProblems(result: Exclude<ReadConfigResult, { kind: 'ok' }>): void {
  if (result.kind === 'unreadable') tell(`shelflife: ${result.message}`);
  else tell(...result.problems.map(renderProblem));
}

function finish(text: string, source: ConfigSource, result: ParseResult): LoadedConfig {
  const { file = 'built-in', control } = source;
  const address = control === undefined ? undefined : parseAddress(control);
  const own: Problem[] = [];
  if (control !== undefined && address === undefined) {
    own.push(
      locatorOf(control, '--control')('bad-address', `this is not ${expectedAddress}`, [0, control.length]),
    );
  }
  if (result.kind === 'problems') return { kind: 'problems', problems: [...own, ...result.problems] };
  const problems = [...own, ...patternProblems(text, file, result.config)];
  if (problems.length > 0) return { kind: 'problems', problems };
  return {
    ...result,
    text,
    config: withUpstream({ ...result.config, control: { ...result.config.control, ...address } }),
  };
}

/** Patterns that can be read but not used. */
function patternProblems(text: string, file: string, config: Config): Problem[] {
  const locate = locatorOf(text, file);
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return ruleProblems(config).map(({ pattern, reason, line, column }) => {
    const at = line === undefined ? text.indexOf(pattern) : (starts[line - 1] ?? 0) + (column ?? 1) - 1;
    return locate('bad-pattern', `\`${pattern}\` cannot be used: ${reason}`, [
      Math.max(at, 0),
      Math.max(at, 0) + pattern.length,
    ]);
  });
}

/** A file that is only looked at may leave its upstream to the command line that serves it. */
function withUpstream(config: Config): Config {
  const { url } = config.upstream;
  return url === '' ? { ...config, upstream: { ...config.upstream, url: 'http://origin.invalid' } } : config;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return reasons[code] ?? (error instanceof Error ? error.message : String(error));
}
