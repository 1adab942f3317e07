/** A draft as a rules file, with the evidence of each line beside it, and as the examples that hold it to its word. */

import { plainText as text, textList as list } from './yaml-text.ts';
import { isKept, loggedPage } from './cautious.ts';
import type { Draft, DraftType, DraftWrite } from './draft.ts';
import { byNarrowness, mayTake } from './route-order.ts';

export type DraftFile = {
  readonly draft: Draft;
  readonly upstream: string;
  /** Where the record came from, and what time it covers. */
  readonly from: string;
};

/** The rules file. */
export function rulesText({ draft, upstream, from }: DraftFile): string {
  const { types, exchanges, people, cautious } = draft;
  const { routed, seldom } = routesOf(draft);
  const lines = [
    '# yaml-language-server: $schema=shelflife.schema.json',
    `# Drafted from ${exchanges} exchanges${people === 0 ? '' : ` of ${people} people`} (${from}). Comments say what each line rests on.`,
    '# Run it in shadow first (shelflife serve -c FILE --shadow) and look at what `shelflife shadow` says.',
    '',
    `upstream: ${JSON.stringify(upstream)}`,
    ...identityLines(draft),
    '',
    ...section('content_types', [
      ...types.flatMap((type) => typeLines(type, draft.roles.choices)),
      ...cautiousType(cautious),
    ]),
    ...section('routes', inOrder(routed)),
    ...(seldom.length === 0
      ? []
      : ["# Seen too seldom to say; HTTP's own rules apply:", ...seldom.map(seldomLine), '']),
    ...section('writes', inOrder(writesOf(draft))),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

type Rule = { readonly pattern: string; readonly lines: readonly string[] };

const inOrder = (rules: readonly Rule[]): readonly string[] =>
  rules.toSorted((one, other) => byNarrowness(one.pattern, other.pattern)).flatMap(({ lines }) => lines);

/** What was seen too seldom needs a line where a wider pattern would take it. */
function routesOf({ types, passed, seldom, cautious }: Draft): {
  readonly routed: readonly Rule[];
  readonly seldom: Draft['seldom'];
} {
  const rules = [
    ...passed.map((one) => ({ pattern: one.pattern, lines: [passedLine(one)] })),
    ...types.map((type) => ({ pattern: type.pattern, lines: routeLines(type) })),
    ...cautious.pages.map((page) => ({ pattern: page.pattern, lines: [cautiousLine(page)] })),
  ];
  const isTaken = ({ pattern }: { readonly pattern: string }): boolean =>
    rules.some((rule) => mayTake(rule.pattern, pattern));
  const avoided = cautious.avoided.filter((pattern) => isTaken({ pattern }));
  const taken = seldom.filter((one) => isTaken(one) && !avoided.includes(one.pattern));
  const standard = taken.map((one) => ({ pattern: one.pattern, lines: [standardLine(one)] }));
  const acting = avoided.map((pattern) => ({ pattern, lines: [avoidedLine(pattern)] }));
  return { routed: [...rules, ...standard, ...acting], seldom: seldom.filter((one) => !taken.includes(one)) };
}

const writesOf = (draft: Draft): readonly Rule[] => [
  ...draft.writes.map((write) => ({ pattern: write.kind.pattern, lines: [writeLine(write, draft)] })),
  ...draft.acting.map((pattern) => ({ pattern, lines: [actingLine(pattern)] })),
  ...draft.cautious.writes.map((write) => ({ pattern: write.pattern, lines: [cautiousWriteLine(write)] })),
];

const section = (name: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`${name}:`, ...lines, ''];

function identityLines({ roles: { framework, flask, credentials, choices } }: Draft): readonly string[] {
  const told = framework === undefined ? '' : `# ${framework}, by its cookies\n`;
  const lines = [
    ...(choices.length === 0
      ? []
      : [
          `  credentials: ${list(credentials)}    # every other cookie is a choice (${choices.join(', ')}) or counts visitors`,
        ]),
    ...(flask === undefined
      ? []
      : [
          '  flask_session:',
          `    cookie: ${text(flask.cookie)}`,
          "    secret: ${SECRET_KEY}    # the app's own; without this line identities are learned from its answers",
          ...(flask.userClaim === undefined ? [] : [`    user_claim: ${text(flask.userClaim)}`]),
        ]),
  ];
  if (lines.length === 0)
    return credentials.length === 0
      ? ['# No cookies were seen. Every cookie that comes is taken for a credential.']
      : [`${told}# Every cookie is taken for a credential: ${printed(credentials.join(', '), 1000)}.`];
  return [`${told}identity:`, ...lines];
}

function typeLines(
  { name, scope, ttl, overrides, vary, idle, causes, shared }: DraftType,
  choices: readonly string[],
): readonly string[] {
  const { looks, changes, byItself, seconds } = causes;
  const alone = byItself === 0 ? 'no change' : `${byItself} changes`;
  return [
    `  ${name}:    # ${looks} looks, ${changes} after a change`,
    `    ttl: ${ttl}s    # ${alone} without a write in ${hours(seconds)}`,
    ...(scope === 'public'
      ? [
          `    scope: public    # ${shared.people} people, one without a session, got the same ${shared.same} times`,
        ]
      : []),
    ...(overrides === undefined
      ? []
      : [
          `    cache_control: override    # the app says ${printed(overrides)}; ${looks - changes} of ${looks} times the body was the same`,
        ]),
    ...varyLines(vary, choices),
    ...idle.map(idleLine),
    '    statuses: [200]',
    ...(scope === 'user' ? [`    tags: ["${name}:{user}"]`] : []),
  ];
}

/** For a person to take up: the page may use a value that nobody has sent yet. */
const idleLine = ({ name, same, values }: DraftType['idle'][number]): string =>
  `    # query: { ignore: ${list([name])} }    # ${values} values of it gave the same, ${same} times`;

function varyLines(headers: readonly string[], cookies: readonly string[]): readonly string[] {
  const parts = [
    ...(cookies.length === 0 ? [] : [`cookies: ${list(cookies)}`]),
    ...(headers.length === 0 ? [] : [`headers: ${list(headers)}`]),
  ];
  return parts.length === 0 ? [] : [`    vary: { ${parts.join(', ')} }`];
}

function routeLines({ name, pattern, requests, volatile }: DraftType): readonly string[] {
  return [
    ...volatile.map(
      (names) =>
        `  - { match: ${text(`GET ${pattern}`)}, when: { query: ${list(names.split(','))} }, type: pass }    # another page each time`,
    ),
    `  - { match: ${text(`GET ${pattern}`)}, type: ${name} }    # ${requests} requests`,
  ];
}

const passedLine = ({ pattern, requests, why }: Draft['passed'][number]): string =>
  `  - { match: ${text(`GET ${pattern}`)}, type: pass }    # ${requests} requests; ${why}`;

const standardLine = ({ pattern, requests }: Draft['seldom'][number]): string =>
  `  - { match: ${text(`GET ${pattern}`)}, type: standard }    # ${requests} requests: too few to say`;

const avoidedLine = (pattern: string): string =>
  `  - { match: ${text(`GET ${pattern}`)}, type: pass }    # sounds like an action`;

const seldomLine = ({ pattern, requests }: Draft['seldom'][number]): string =>
  `#   GET ${pattern}    ${requests} requests`;

function writeLine(write: DraftWrite, draft: Draft): string {
  const { kind, only, own, everybodys } = write;
  const condition = only === undefined ? '' : `, when: ${conditionOf(only)}`;
  const tags = [
    ...(own === 'all' ? ['user:{user}'] : own.map((name) => `${name}:{user}`)),
    ...everybodys.map((name) => `type:${name}`),
    ...(draft.cautious.pages.some(isKept) ? [loggedPage] : []),
  ];
  const match = text(`${kind.method} ${kind.pattern}`);
  return `  - { match: ${match}${condition}, invalidate: ${list(tags)} }    # ${reasonOf(write, draft)}`;
}

/** `json:/theme`, `form:code`. */
function conditionOf(name: string): string {
  const [kind = '', ...rest] = name.split(':');
  return `{ ${kind}: { ${text(rest.join(':'))}: only } }`;
}

function reasonOf({ count, only, own, everybodys }: DraftWrite, { types }: Draft): string {
  const seen = count === 0 ? 'with another body, which was not seen' : `${count} of them`;
  if (only !== undefined) return `${seen}; no page changed after one`;
  if (own === 'all') return `${seen}; may change most of its writer's pages`;
  const left = types.length - new Set([...own, ...everybodys]).size;
  return `${seen}; ${left} of ${types.length} kinds of pages stayed the same`;
}

const actingLine = (pattern: string): string =>
  `  - { match: ${text(`GET ${pattern}`)}, invalidate: ["user:{user}"] }    # redirects, and gives or takes a cookie`;

const cautiousType = ({ pages }: Draft['cautious']): readonly string[] =>
  !pages.some(isKept)
    ? []
    : [
        `  ${loggedPage}:    # an access log does not say who got what: for each person, and as HTTP allows`,
        '    ttl: 30s',
        `    tags: [${loggedPage}]`,
      ];

function cautiousLine({ pattern, requests, said }: Draft['cautious']['pages'][number]): string {
  const type =
    said === 'another page each time' ? 'pass' : isKept({ pattern, said }) ? loggedPage : 'standard';
  return `  - { match: ${text(`GET ${pattern}`)}, type: ${type} }    # ${requests} requests; ${said}`;
}

const cautiousWriteLine = ({ method, pattern, count }: Draft['cautious']['writes'][number]): string =>
  `  - { match: ${text(`${method} ${pattern}`)}, invalidate: [${loggedPage}, "user:{user}"] }    # ${count} of them; may change every page`;

/** A field of the app's in a comment. */
const printed = (value: string, longest = 60): string =>
  value.replace(/[^\x20-\x7e]/g, '?').slice(0, longest);

const hours = (seconds: number): string => `${(seconds / 3600).toFixed(1)} h of looking`;
