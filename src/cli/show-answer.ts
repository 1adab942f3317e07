/** Prints what the control API says of something: as it came with `--json`, or as lines. */

import { type ControlAnswer, controlOf, getControl } from './control-client.ts';
import { printable, type Terminal } from './terminal.ts';

export type ShowOptions = { readonly control: string; readonly json?: true };

/** What is asked for, how its answer is told from that of another server, and how it reads. */
export type Shown<T> = {
  readonly path: string;
  readonly isAnswer: (body: unknown) => body is T;
  readonly linesOf: (answer: T) => readonly string[];
};

/** Asks, and prints the answer; an error sets exit code 1. */
export async function showAnswer<T>(
  terminal: Terminal,
  options: ShowOptions,
  { path, isAnswer, linesOf }: Shown<T>,
): Promise<void> {
  const answer = checkedAnswer(terminal, await getControl(controlOf(terminal, options), path), isAnswer);
  if (answer === undefined) return;
  if (options.json === true) terminal.printJson(answer);
  else terminal.print(...linesOf(answer).map(printable));
}

/** What the control API has answered. An error, or what another server says, is reported and sets exit code 1. */
export function checkedAnswer<T>(
  terminal: Terminal,
  answer: ControlAnswer,
  isAnswer: (body: unknown) => body is T,
): T | undefined {
  if (answer.kind !== 'ok') terminal.fail(answer.message);
  else if (!isAnswer(answer.body)) terminal.fail('this is not the answer of a control API');
  else return answer.body;
  return undefined;
}
