/** Reads the command-line options that replace values of the file: `--upstream URL` and `--listen HOST:PORT`. */

import type { ListenAddress } from '../config.ts';
import { type Problem, type ProblemCode, locatorOf } from './problem.ts';
import {
  expectedListenAddress,
  expectedOriginUrl,
  parseListenAddress,
  parseOriginUrl,
} from './read-address.ts';

export type Overrides = {
  readonly upstream: string | undefined;
  readonly listen: ListenAddress | undefined;
  readonly problems: readonly Problem[];
};

/** Reads both options; an unreadable one is a problem in the "file" `--upstream` or `--listen`. */
export function readOverrides(given: {
  readonly upstream?: string | undefined;
  readonly listen?: string | undefined;
}): Overrides {
  const problems: Problem[] = [];
  const read = <T>(
    text: string | undefined,
    of: { option: string; code: ProblemCode; expected: string; parse: (text: string) => T | undefined },
  ) => {
    if (text === undefined) return undefined;
    const value = of.parse(text);
    if (value === undefined)
      problems.push(locatorOf(text, of.option)(of.code, `this is not ${of.expected}`, [0, text.length]));
    return value;
  };
  return {
    upstream: read(given.upstream, {
      option: '--upstream',
      code: 'bad-url',
      expected: expectedOriginUrl,
      parse: parseOriginUrl,
    }),
    listen: read(given.listen, {
      option: '--listen',
      code: 'bad-address',
      expected: expectedListenAddress,
      parse: parseListenAddress,
    }),
    problems,
  };
}
