/** What commands print: data to stdout, everything else to stderr. */

/** Writes lines of data. */
export function print(...lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/** Removes control characters (C1 too) and bidirectional marks, which a terminal would obey, from untrusted text. */
export const printable = (text: string): string =>
  text.replace(/[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '?');

/** Writes a value as indented JSON. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, undefined, 2));
}

/** Writes lines to stderr. */
export function tell(...lines: readonly string[]): void {
  process.stderr.write(lines.map((line) => `${line}\n`).join(''));
}

/** Reports an error in one line and sets exit code 1. */
export function fail(message: string): void {
  tell(`shelflife: ${message}`);
  process.exitCode = 1;
}

/** Collects the values of a repeatable option, for commander. */
export const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];
