/** Reads `control.tokens`. */

import { number, text, textAs, word } from '../reader/read-scalar.ts';
import { notEmpty, listOf, oneOrMore, optional, type Reader, required, section } from '../reader/reader.ts';
import { namedList } from '../reader/unique-names.ts';
import { type ControlToken, scopes } from './control-token.ts';

const digest: Reader<string> = textAs({
  expected: 'the SHA-256 of a token, 64 hexadecimal digits: printf %s "$TOKEN" | sha256sum',
  code: 'bad-value',
  parse: (written) => (/^[0-9a-f]{64}$/i.test(written) ? written.toLowerCase() : undefined),
});

export const controlTokens: Reader<readonly ControlToken[]> = namedList(
  section({
    name: required(text),
    sha256: required(oneOrMore(digest)),
    scopes: required(notEmpty(listOf(word(scopes)))),
    per_minute: optional(number({ min: 1, max: 1e6, whole: true })),
  }),
);
