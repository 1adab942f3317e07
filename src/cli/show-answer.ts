/** Prints what the control API says of something: as it came with `--json`, or as lines. */

import { type ControlAnswer, getControl } from './control-client.ts';
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
  const answer = checkedAnswer(await getControl(control, path), isAnswer);
  if (answer === undefined) return;
  if (json === true) printJson(answer);
  else print(...linesOf(answer).map(printable));
}

/** What the control API has answered. An error, or what another server says, is reported and sets exit code 1. */
export function checkedAnswer<T>(
  answer: ControlAnswer,
  isAnswer: (body: unknown) => body is T,
): T | undefined {
  if (answer.kind !== 'ok') fail(answer.message);
  else if (!isAnswer(answer.body)) fail('this is not the answer of a control API');
  else return answer.body;
  return undefined;
}
