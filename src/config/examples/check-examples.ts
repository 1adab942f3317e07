/**
 * Turns the text of a file of examples into checked examples, or into a list of its problems.
 *
 * Promises, as for a configuration: it never throws. All problems are reported with their place. Examples are returned only
 * when there are none, and every name in them refers to something.
 */

import type { Example, ExampleAnswer, ExampleFile } from './example.ts';
import { readExamples } from './example-schema.ts';
import { type ConfigDocument, readDocument, type ReportProblem } from '../reader/document.ts';
import { type Locator, type Place, type Problem, type ProblemCode, locatorOf } from '../reader/problem.ts';
import type { Placed } from '../reader/reader.ts';
import { isAlias } from 'yaml';
import { suggest } from '../reader/suggest.ts';

export type ExamplesResult =
  | { readonly kind: 'ok'; readonly file: ExampleFile }
  | { readonly kind: 'problems'; readonly problems: readonly Problem[] };

/** Reads and checks the examples in `text`; problems call it `file`. */
export function parseExamples(text: string, file: string): ExamplesResult {
  const locate = locatorOf(text, file);
  const problems: Problem[] = [];
  const report = (code: ProblemCode, message: string, place: Place): void =>
    void problems.push(locate(code, message, place));
  const { root, resolve }: ConfigDocument = readDocument(text, report);
  if (root === undefined) report('empty-file', 'the file contains no examples', [0, 0]);
  const at = {
    environment: {},
    follow: (node: NonNullable<typeof root>) => (isAlias(node) ? (resolve(node) ?? node) : node),
    report,
    warn: () => undefined,
  };
  const read = root === undefined ? undefined : readExamples(root, at);
  const finished = read === undefined ? undefined : finish(read, locate, report);
  const inOrder = problems.sort((a, b) => a.line - b.line || a.column - b.column);
  if (finished === undefined || inOrder.length > 0) return { kind: 'problems', problems: inOrder };
  return { kind: 'ok', file: finished };
}

type Draft = NonNullable<ReturnType<typeof readExamples>>;

function finish(draft: Draft, locate: Locator, report: ReportProblem): ExampleFile {
  const { people, answers } = draft;
  const known = <T>(names: ReadonlyMap<string, T>, { value, place }: Placed<string>): T | undefined => {
    const found = names.get(value);
    if (found === undefined)
      report('bad-value', `unknown name \`${value}\`${suggest(value, [...names.keys()])}`, place);
    return found;
  };
  const answerOf = (given: Draft['examples'][number]['answer']): ExampleAnswer => {
    if (given === undefined) return draft.usual;
    return 'place' in given ? (known(answers, given)?.value ?? draft.usual) : given;
  };
  const examples = draft.examples.flatMap((example): Example[] => {
    for (const { value, place } of example.requests) {
      if (value.as !== undefined) known(people, { value: value.as, place });
    }
    return example.request.map(({ value: request, place }) => {
      const { line, column } = locate('', '', place);
      const { name, cookies, fields, sends, popular, expect } = example;
      const at = example.at ?? draft.now;
      return {
        name,
        line,
        column,
        request,
        cookies,
        fields,
        sends,
        answer: answerOf(example.answer),
        at,
        popular,
        expect,
      };
    });
  });
  const { config, env, host, usual } = draft;
  const persons = new Map([...people].map(([name, { value }]) => [name, value]));
  return { config, env, host, people: persons, usual, examples };
}
