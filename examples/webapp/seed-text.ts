/**
 * Made-up snippets: names, code and Markdown that look like someone's, from a random source with a seed.
 */

/** Gives numbers in [0, 1), the same sequence for the same seed. */
export type Random = () => number;

/** The mulberry32 generator. */
export const seededRandom = (seed: number): Random => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** One of `items`, each as likely as it occurs in the list. */
export const pick = <Item>(random: Random, items: readonly [Item, ...Item[]]): Item =>
  items[Math.floor(random() * items.length)] ?? items[0];

/** A whole number from `from` to `to`, both included. */
export const between = (random: Random, from: number, to: number): number =>
  from + Math.floor(random() * (to - from + 1));

const verbs = [
  'parse',
  'load',
  'merge',
  'send',
  'resize',
  'check',
  'group',
  'retry',
  'import',
  'rank',
] as const;
const nouns = [
  'orders',
  'photos',
  'users',
  'invoices',
  'logs',
  'events',
  'tokens',
  'reports',
  'feeds',
] as const;
const words = [
  ...[
    'the',
    'each',
    'small',
    'first',
    'stored',
    'page',
    'list',
    'value',
    'result',
    'cache',
    'index',
    'query',
  ],
  ...[
    'keeps',
    'returns',
    'reads',
    'writes',
    'needs',
    'drops',
    'when',
    'before',
    'after',
    'without',
    'and',
    'or',
  ],
  ...[
    'fast',
    'slow',
    'known',
    'empty',
    'file',
    'row',
    'user',
    'request',
    'answer',
    'timeout',
    'limit',
    'window',
  ],
] as const;
const allTags = [
  ...['api', 'auth', 'backup', 'cli', 'config', 'cron', 'css', 'csv', 'data', 'deploy', 'docker', 'email'],
  ...['forms', 'images', 'json', 'learning', 'legacy', 'notes', 'parser', 'performance', 'queue', 'regex'],
  ...['reports', 'scripts', 'search', 'security', 'sql', 'testing', 'ui', 'work'],
] as const;

type Language = {
  readonly name: string;
  readonly extension: string;
  readonly lines: readonly [string, ...string[]];
};

const languages: readonly [Language, ...Language[]] = [
  {
    name: 'python',
    extension: 'py',
    lines: [
      'def {v}_{n}(items):',
      '    return [{n} for {n} in items if {n}]',
      '    # {w} {w} {w}',
      '    total += len({n})',
    ],
  },
  {
    name: 'javascript',
    extension: 'js',
    lines: ['function {v}({n}) {', '  return {n}.filter(Boolean);', '}', '// {w} {w} {w} {w}'],
  },
  {
    name: 'typescript',
    extension: 'ts',
    lines: ['export const {v} = ({n}: string[]) => {', '  // {w} {w} {w}', '  return {n}.map(String);', '};'],
  },
  {
    name: 'go',
    extension: 'go',
    lines: ['func {v}({n} []string) error {', '\tfor _, x := range {n} {', '\t\tlog.Println(x)', '\t}', '}'],
  },
  {
    name: 'sql',
    extension: 'sql',
    lines: ['select count(*) from {n}', "where kind = '{w}'", '-- {w} {w} {w}', 'group by {w};'],
  },
  {
    name: 'bash',
    extension: 'sh',
    lines: ['{v}_{n}() {', '  grep -r "{w}" "$1" | sort -u', '}', '# {w} {w} {w}', 'set -euo pipefail'],
  },
  {
    name: 'css',
    extension: 'css',
    lines: ['.{n}-{w} {', '  padding: 4px 8px;', '  color: #335;', '}', '/* {w} {w} */'],
  },
];

/** The text of one snippet. */
export type SnippetText = {
  readonly name: string;
  readonly language: string;
  readonly description: string;
  readonly content: string;
  readonly tags: readonly string[];
};

/** Makes up a snippet: one in six is Markdown, the others code. `number` makes the name unique. */
export const inventSnippet = (random: Random, number: number): SnippetText => {
  const stem = `${pick(random, verbs)}_${pick(random, nouns)}_${number}`;
  const tags = [
    ...new Set(Array.from({ length: between(random, 0, 4) }, () => pick(random, allTags))),
  ].sort();
  const description = `${capital(sentence(random, between(random, 4, 9)))}.`;
  if (random() < 1 / 6) {
    return {
      name: `${stem}.md`,
      language: 'markdown',
      description,
      content: inventMarkdown(random, stem),
      tags,
    };
  }
  const language = pick(random, languages);
  const content = inventCode(random, language);
  return { name: `${stem}.${language.extension}`, language: language.name, description, content, tags };
};

const inventCode = (random: Random, language: Language): string => {
  const lines: string[] = [];
  for (let count = between(random, 15, 120); count > 0; count -= 1) lines.push(pick(random, language.lines));
  return fill(random, lines.join('\n'));
};

const inventMarkdown = (random: Random, title: string): string => {
  const sections = Array.from({ length: between(random, 3, 8) }, () => {
    const items = Array.from({ length: between(random, 2, 5) }, () => `- ${sentence(random, 5)}`).join('\n');
    const table = `| ${pick(random, words)} | ${pick(random, words)} |\n|---|---|\n| ${between(random, 1, 99)} | ok |`;
    const code = `\`\`\`js\n${fill(random, 'const {n} = {v}({w});')}\n\`\`\``;
    const extra = pick(random, [items, table, code]);
    return `## ${capital(sentence(random, 3))}\n\n${capital(sentence(random, 40))}.\n\n${extra}`;
  });
  return `# ${title}\n\n**${capital(sentence(random, 6))}.**\n\n${sections.join('\n\n')}\n`;
};

const fill = (random: Random, text: string): string =>
  text.replace(/\{[vnw]\}/g, (place) => {
    if (place === '{v}') return pick(random, verbs);
    return place === '{n}' ? pick(random, nouns) : pick(random, words);
  });

const sentence = (random: Random, length: number): string =>
  Array.from({ length }, () => pick(random, words)).join(' ');

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
