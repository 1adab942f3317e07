/** Everything that documents and comments refer to exists: sections, files, and places in files. */
import t from 'tap';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const documents = globSync(['*.md', 'docs/**/*.md', 'bench/*.md', 'examples/**/*.md'], {
  exclude: ['**/node_modules/**'],
});
const code = globSync(['{src,test,bench,scripts,examples}/**/*.{ts,mjs,js}', 'config/*.yaml']);
const textOf = (file: string): string => readFileSync(file, 'utf8');

/** The comments of a file of code; the whole of any other. */
const proseOf = (file: string): string =>
  /\.(ts|m?js)$/.test(file)
    ? textOf(file)
        .split('\n')
        .filter((line) => /^\s*(\/?\*|\/\/)/.test(line))
        .join('\n')
    : textOf(file);

/** The headings of a document as GitHub names them in links. */
function anchorsOf(file: string): readonly string[] {
  const prose = textOf(file).replace(/^```[\s\S]*?^```/gm, '');
  return [...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The numbered sections of a document, and its numbered promises as parts of the section they are in. */
function sectionsOf(file: string): ReadonlySet<string> {
  const sections = new Set<string>();
  let section = '';
  for (const line of textOf(file).split('\n')) {
    const heading = /^##+ (\d+(?:\.\d+)?)\.? /.exec(line)?.[1];
    const item = /^(\d+)\. /.exec(line)?.[1];
    if (heading !== undefined) sections.add((section = heading));
    else if (item !== undefined) sections.add(`${section}.${item}`);
  }
  return sections;
}

function brokenLink(from: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? from : join(dirname(from), path);
  if (!existsSync(file)) return true;
  return anchor !== undefined && !(file.endsWith('.md') && anchorsOf(file).includes(anchor));
}

t.test('each section that is referred to exists', async (t) => {
  const sections = {
    DESIGN: sectionsOf('docs/design.md'),
    CONTRACT: sectionsOf('docs/contract.md'),
  };
  let count = 0;
  for (const file of [...documents, ...code]) {
    for (const [reference, page, list = ''] of textOf(file).matchAll(
      /\b(DESIGN|CONTRACT) (§\d[\d.]*\d?(?:,? §\d[\d.]*)*)/g,
    )) {
      for (const [, section = ''] of list.matchAll(/§(\d+(?:\.\d+)?)/g)) {
        count += 1;
        t.ok(sections[page as 'DESIGN' | 'CONTRACT'].has(section), `${file}: ${reference}`);
      }
    }
  }
  t.ok(count > 80, `${count} references`);
});

t.test('no reference to DESIGN or CONTRACT is without a section', async (t) => {
  for (const file of [...documents, ...code].filter((file) => file !== 'test/docs.test.ts'))
    t.notMatch(proseOf(file), /\b(DESIGN|CONTRACT)\b(?!( §|,? and CONTRACT §))/, file);
});

t.test('each relative link leads to an existing file and heading', async (t) => {
  for (const file of documents)
    for (const [, link = ''] of textOf(file).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g))
      t.notOk(brokenLink(file, link), `${file}: ${link}`);
});

t.test('each file named in the documents exists', async (t) => {
  const named = /(?<![\w./<{*-])(?:src|test|docs|bench|scripts|config|examples)\/[\w./-]*\w(?:#[\w-]+)?/g;
  for (const file of [...documents, ...code]) {
    for (const [name = ''] of proseOf(file).matchAll(named)) {
      if (!/\.(md|ts|mjs|ya?ml|html|css)(#|$)/.test(name)) continue;
      const [path = ''] = name.split('#');
      t.ok(existsSync(path), `${file}: ${name}`);
      if (name.endsWith('.md') || name.includes('.md#'))
        t.notOk(brokenLink('README.md', name), `${file}: ${name}`);
    }
  }
});

t.test('docs/lifecycle.md names files of src/', async (t) => {
  const names = [...textOf('docs/lifecycle.md').matchAll(/`([a-z-]+(?:\/[a-z-]+)*\.ts)`/g)];
  for (const [, name = ''] of names) t.ok(existsSync(name) || existsSync(join('src', name)), name);
  t.ok(names.length > 13);
});

t.test('each decision has a number of its own, also in its title', async (t) => {
  const decisions = documents.filter((file) => file.startsWith('docs/decisions/')).sort();
  t.strictSame(
    decisions.map((file) => [/\d+/.exec(file)?.[0], /^# (\d+)\. /.exec(textOf(file))?.[1]]),
    decisions.map((_, index) => [String(index + 1).padStart(4, '0'), String(index + 1)]),
  );
});
