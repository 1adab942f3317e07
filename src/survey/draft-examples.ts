/** The examples of a drafted rules file: each route, each write, and that one person never gets another's copy. */

import { isToken } from '../http/field-name.ts';
import { type CautiousPage, isKept, loggedPage } from './cautious.ts';
import type { Draft, DraftType, DraftWrite } from './draft.ts';
import { isOdd } from './path-templates.ts';
import { plainText as text } from './yaml-text.ts';

/** The text of `FILE.test.yaml`, or `undefined` if there is nothing to show; `config`: the rules file, beside it. */
export function examplesText(draft: Draft, config: string): string | undefined {
  const { types, writes, roles, cautious } = draft;
  const examples = [
    ...types.flatMap(typeExample),
    ...writes.flatMap((write) => writeExample(write, types)),
    ...cautious.pages.filter(isKept).flatMap(pageExample),
  ];
  if (examples.length === 0) return undefined;
  const lines = [
    '# yaml-language-server: $schema=examples.schema.json',
    `# What ${config} must make of requests. Drafted with it; docs/rules-testing.md explains every key.`,
    '',
    `config: ${text(config)}`,
    ...(roles.flask === undefined ? [] : ['env: { SECRET_KEY: for-these-examples-only }']),
    'people:',
    `  one: ${person(draft, 1)}`,
    `  two: ${person(draft, 2)}`,
    '',
    'examples:',
    ...examples,
  ];
  return `${lines.join('\n')}\n`;
}

function person({ roles: { flask, credentials } }: Draft, number: number): string {
  if (flask !== undefined) return `{ session: { ${flask.userClaim ?? 'user_id'}: ${number} } }`;
  const first = credentials.find(isToken);
  return first === undefined
    ? `{ fields: { authorization: Bearer ${number} } }`
    : `{ cookies: { ${text(first)}: person-${number} } }`;
}

/** A path that a pattern matches. */
const pathLike = (pattern: string): string => pattern.replace(/:\w+/g, '7').replace(/\*$/, 'file');

function typeExample({ name, pattern, scope }: DraftType): readonly string[] {
  const path = pathLike(pattern);
  const copy = scope === 'user' ? 'other_copy' : 'same_copy';
  return [
    `  - name: ${text(`${pattern} is ${scope === 'user' ? "each person's own" : "everybody's"}`)}`,
    `    request: ${text(`GET ${path} as one`)}`,
    `    expect: { type: ${name}, stored: true, ${copy}: ${text(`GET ${path} as two`)} }`,
  ];
}

function pageExample({ pattern }: CautiousPage): readonly string[] {
  const path = pathLike(pattern);
  return [
    `  - name: ${text(`${pattern} is each person's own`)}`,
    `    request: ${text(`GET ${path} as one`)}`,
    `    expect: { type: ${loggedPage}, other_copy: ${text(`GET ${path} as two`)} }`,
  ];
}

function writeExample(
  { kind, only, own, everybodys }: DraftWrite,
  types: readonly DraftType[],
): readonly string[] {
  const isEnded = ({ name, scope }: DraftType): boolean =>
    everybodys.includes(name) || (scope === 'user' && (own === 'all' || own.includes(name)));
  const [ended, kept] = [types.find(isEnded), types.find((type) => !isEnded(type))];
  const expectations = [
    ...(ended === undefined ? [] : [`ends: ${text(`GET ${pathLike(ended.pattern)} as one`)}`]),
    ...(kept === undefined ? [] : [`keeps: ${text(`GET ${pathLike(kept.pattern)} as one`)}`]),
  ];
  if (expectations.length === 0 || isOdd(kind.pattern)) return [];
  const what = `${kind.method} ${kind.pattern}${only === undefined ? '' : ` with nothing but ${only.replace(/^\w+:\/?/, '')}`}`;
  return [
    `  - name: ${text(`what ${what} makes stale`)}`,
    `    request: ${text(`${kind.method} ${pathLike(kind.pattern)} as one`)}`,
    ...(only === undefined ? [] : [`    sends: ${sends(only)}`]),
    `    expect: { ${expectations.join(', ')} }`,
  ];
}

function sends(only: string): string {
  const name = only
    .replace(/^\w+:\/?/, '')
    .replaceAll('~1', '/')
    .replaceAll('~0', '~');
  return only.startsWith('json:') ? `{ json: { ${text(name)}: 1 } }` : `{ form: { ${text(name)}: "1" } }`;
}
