/**
 * What commands write, and where: data to stdout, everything else to stderr.
 */

/** Writes lines of data. */
export function print(...lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/** Text of others without what a terminal would obey: control characters (C1 too), and marks that turn the direction. */
export const printable = (text: string): string =>
  text.replace(/[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '?');

/** Writes a value as indented JSON. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, undefined, 2));
}

/** Writes lines that are no data. */
export function tell(...lines: readonly string[]): void {
  process.stderr.write(lines.map((line) => `${line}\n`).join(''));
}

/** Says in a line what went wrong; the exit code will be 1. */
export function fail(message: string): void {
  tell(`shelflife: ${message}`);
  process.exitCode = 1;
}

/** Gathers an option that may be given several times, for commander. */
export const collect = (value: string, before: readonly string[]): string[] => [...before, value];
