/**
 * HTML pages of 340 KB, made as those of a server-rendered app are: two thirds are the site's frame, its styles and scripts
 * inline and not minified, the same on every page; one third is the page's own, a list of files, on one page in four a rendered document.
 *
 * Styles, scripts and documents are real ones (of this project and of the installed packages), so that they compress as
 * such things do; no page is a repetition of itself. On an app like this, gzip was measured to make pages of 340 KB 5.7
 * times smaller; here it is a little less.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { marked } from 'marked';

/** How large each page is. */
export const documentBytes = 340_000;

const frameBytes = 228_000;
const bytesBetweenPages = 104_729;
const root = join(import.meta.dirname, '../..');
const modules = join(root, 'node_modules');

type Source = { readonly frame: Buffer; readonly documents: Buffer; readonly words: readonly string[] };
let source: Source | undefined;

/** Page `at`, the same each time. */
export function document(at: number): Buffer {
  source ??= readSource();
  const { frame, documents, words } = source;
  const title = Buffer.from(`<title>Page ${at}</title>\n`);
  const length = documentBytes - frame.length - title.length;
  const start = (at * bytesBetweenPages) % (documents.length - length);
  const own = at % 4 === 0 ? documents.subarray(start, start + length) : fileList(words, { at, length });
  return Buffer.concat([title, frame, own]);
}

/** How many times smaller gzip makes such pages, over some of them. */
export function gzipRatio(): number {
  const some = Array.from({ length: 20 }, (_, at) => document(at * 37));
  return (some.length * documentBytes) / some.reduce((sum, page) => sum + gzipSync(page).length, 0);
}

function readSource(): Source {
  const markdown = documentFiles().map((file) => readFileSync(file, 'utf8'));
  const articles = markdown.map(
    (text) => `<article class="markdown-body">${marked.parse(text, { async: false })}</article>`,
  );
  const words = [...new Set(markdown.join(' ').match(/\b[a-z]{4,12}\b/g) ?? [])];
  return { frame: frameOf(), documents: Buffer.from(articles.join('\n')), words };
}

/** Styles and scripts inline, of real files, cut at the size of the frame. */
function frameOf(): Buffer {
  const styles = join(modules, 'playwright-core', 'lib', 'vite', 'htmlReport', 'report.css');
  const scripts = join(modules, 'undici', 'lib', 'dispatcher');
  // Only the minified form of such styles is installed: here they have their lines again.
  const css = readFileSync(styles, 'utf8').replaceAll(/[{;}]/g, '$&\n  ');
  const js = readdirSync(scripts)
    .filter((name) => name.endsWith('.js'))
    .map((name) => readFileSync(join(scripts, name), 'utf8'));
  return Buffer.from(`<style>${css}</style><script>${js.join('\n')}</script>`).subarray(0, frameBytes);
}

/** What is written beside the project's code and the packages': by name, Markdown. */
function documentFiles(): readonly string[] {
  const packages = readdirSync(modules)
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(modules, name)).map((inner) => join(name, inner)) : [name],
    )
    .map((name) => join(modules, name, 'README.md'));
  const own = readdirSync(join(root, 'docs')).map((name) => join(root, 'docs', name));
  return [...own, ...packages].filter((file) => file.endsWith('.md') && existsSync(file)).sort();
}

/** Cards of files, as many as fit. */
function fileList(words: readonly string[], { at, length }: { at: number; length: number }): Buffer {
  let state = at + 1;
  const number = (below: number): number => {
    // A linear congruential generator: the same list each time.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const word = (): string => words[number(words.length)] ?? '';
  let list = '';
  while (list.length < length) {
    const id = `${number(2 ** 32).toString(16)}${number(2 ** 32).toString(16)}${number(2 ** 32).toString(16)}`;
    const name = `${word()}-${word()}.${['py', 'js', 'md', 'ts', 'html'][number(5)] ?? ''}`;
    const about = Array.from({ length: 4 + number(12) }, word).join(' ');
    list += fileCard({ id, name, about, tag: word(), lines: number(900), day: number(28) + 1 });
  }
  return Buffer.from(list).subarray(0, length);
}

type Card = {
  readonly id: string;
  readonly name: string;
  readonly about: string;
  readonly tag: string;
  readonly lines: number;
  readonly day: number;
};

const fileCard = ({ id, name, about, tag, lines, day }: Card): string => `
<div class="file-card glass-card" data-file-id="${id}" data-language="${name.split('.')[1] ?? ''}">
  <div class="file-card__head"><i class="fas fa-file-code" aria-hidden="true"></i>
    <a class="file-card__name" href="/file/${id}" title="${name}">${name}</a></div>
  <p class="file-card__about">${about}</p>
  <span class="badge badge--tag"><a href="/files?q=%23${tag}">#${tag}</a></span>
  <span class="file-card__meta">${lines} lines · 2026-11-${String(day).padStart(2, '0')}</span>
  <div class="file-card__actions"><a class="btn btn-icon" href="/edit/${id}">Edit</a>
    <a class="btn btn-icon" href="/download/${id}">Download</a>
    <button class="btn btn-icon btn-favorite" data-id="${id}" aria-pressed="false">Favorite</button></div>
</div>`;
