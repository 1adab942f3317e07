/** Loads a configuration file, or the built-in defaults, and applies the command line's overrides. */

import { readFile } from 'node:fs/promises';
import { builtInConfig, parseConfig, type ParseResult } from '../config/schema/check.ts';
import type { Config } from '../config/config.ts';
import type { Environment } from '../config/reader/environment.ts';
import { expectedControlAddress, parseControlAddress } from '../config/reader/read-address.ts';
import { locatorOf, type Problem, renderProblem } from '../config/reader/problem.ts';
import type { ReadConfigResult } from '../control/reload.ts';
import { checkFiles, reasonOf } from './pem-files.ts';
import type { Terminal } from './terminal.ts';

export type ConfigSource = {
  readonly file?: string | undefined;
  /** Taken in place of what is in the file now. */
  readonly text?: string | undefined;
  readonly upstream?: string | undefined;
  readonly listen?: string | undefined;
  readonly control?: string | undefined;
  readonly shadow?: boolean | undefined;
  readonly env: Environment;
  /** The file need not name an upstream: nothing will be sent to it. */
  readonly upstreamMayBeMissing?: boolean;
};

export type LoadedConfig =
  | Exclude<ReadConfigResult, { readonly kind: 'ok' }>
  | (Extract<ReadConfigResult, { readonly kind: 'ok' }> & { readonly text: string });

/** Never throws. */
export async function loadConfig(source: ConfigSource): Promise<LoadedConfig> {
  const { file } = source;
  if (file === undefined) return finish('', source, builtInConfig(source));
  let { text } = source;
  try {
    text ??= await readFile(file, 'utf8');
  } catch (error) {
    return { kind: 'unreadable', message: `${file} cannot be read: ${reasonOf(error)}` };
  }
  return finish(text, source, parseConfig(text, { ...source, file }));
}

/** Prints every problem with its place on stderr, and sets exit code 1. */
export function tellProblems(terminal: Terminal, result: Exclude<ReadConfigResult, { kind: 'ok' }>): void {
  terminal.exitCode = 1;
  if (result.kind === 'unreadable') terminal.tell(`shelflife: ${result.message}`);
  else terminal.tell(...result.problems.map(renderProblem));
}

function finish(text: string, source: ConfigSource, result: ParseResult): LoadedConfig {
  const { file = 'built-in', control } = source;
  const address = control === undefined ? undefined : parseControlAddress(control);
  const own: Problem[] = [];
  if (control !== undefined && address === undefined) {
    own.push(
      locatorOf(control, '--control')('bad-address', `this is not ${expectedControlAddress}`, [
        0,
        control.length,
      ]),
    );
  }
  if (result.kind === 'problems') return { kind: 'problems', problems: [...own, ...result.problems] };
  const files = checkFiles(text, file, result.config);
  const problems = [...own, ...files.problems];
  if (problems.length > 0) return { kind: 'problems', problems };
  return {
    ...result,
    warnings: [...result.warnings, ...files.warnings],
    text,
    config: withUpstream({
      ...result.config,
      control: { ...result.config.control, ...(address && { path: undefined, ...address }) },
    }),
  };
}

/** A file that is only checked may leave the upstream to the command line that serves it. */
function withUpstream(config: Config): Config {
  const { url } = config.upstream;
  return url === '' ? { ...config, upstream: { ...config.upstream, url: 'http://origin.invalid' } } : config;
}
