/** What a command works with besides its arguments. Given to it, so that a command also runs inside another process. */

import type { Environment } from '../config/reader/environment.ts';

type Input = AsyncIterable<Buffer | string>;
type Output = { readonly write: (text: string) => boolean; readonly isTTY?: boolean };

/** Where a command is called from: the environment and stdin come from there; data, errors and the exit code go there. */
export class Terminal {
  readonly env: Environment;
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  exitCode = 0;

  constructor({ env, stdin, stdout, stderr }: Pick<Terminal, 'env' | 'stdin' | 'stdout' | 'stderr'>) {
    this.env = env;
    this.stdin = stdin;
    this.stdout = stdout;
    this.stderr = stderr;
  }

  /** Writes lines of data to stdout. */
  print(...lines: readonly string[]): void {
    this.stdout.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** Writes a value as indented JSON to stdout. */
  printJson(value: unknown): void {
    this.print(JSON.stringify(value, undefined, 2));
  }

  /** Writes lines to stderr. */
  tell(...lines: readonly string[]): void {
    this.stderr.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** Reports an error in one line and sets exit code 1. */
  fail(message: string): void {
    this.tell(`shelflife: ${message}`);
    this.exitCode = 1;
  }
}

/** Removes control characters (C1 too) and bidirectional marks, which a terminal would obey, from untrusted text. */
export const printable = (text: string): string =>
  text.replace(/[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '?');

/** Collects the values of a repeatable option, for commander. */
export const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];
