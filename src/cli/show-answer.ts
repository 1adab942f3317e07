/** Prints what the control API says of something: as it came with `--json`, or as lines. */

import { getControl } from './control-client.ts';
import { fail, print, printable, printJson } from './output.ts';

export type ShowOptions = { readonly control: string; readonly json?: true };

/** What is asked for, how its answer is told from that of another server, and how it reads. */
export type Shown<T> = {
  readonly path: string;
  readonly isAnswer: (body: unknown) => body is T;
  readonly linesOf: (answer: T) => readonly string[];
};

/** Asks, and prints the answer; an error sets exit code 1. */
export async function showAnswer<T>(
  { control, json }: ShowOptions,
  { path, isAnswer, linesOf }: Shown<T>,
): Promise<void> {
  const answer = await getControl(control, path);
  if (answer.kind !== 'ok') fail(answer.message);
  else if (!isAnswer(answer.body)) fail('this is not the answer of a control API');
  else if (json === true) printJson(answer.body);
  else print(...linesOf(answer.body).map(printable));
}
