/**
 * The canonical layout of YAML text: indentation, blank lines, brackets and the places of comments. The order of keys stays,
 * and so do quotes.
 */

import {
  type Node,
  type Pair,
  isCollection,
  isMap,
  isNode,
  isPair,
  Lexer,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { hideReferences, showReferences } from './environment.ts';

/** What is longer in brackets gets a line for each value. */
const widest = 120;

/** Lines that are longer have no part in the common column of comments. */
const widestAligned = 60;

/** A comment that has moved may join others, and has its place only then. */
const mostPasses = 5;

/** Lays out text that is valid YAML. */
export function layOut(text: string): string {
  let [before, after] = [text, layOutOnce(text)];
  for (let passes = 1; after !== before && passes < mostPasses; passes++)
    [before, after] = [after, layOutOnce(after)];
  return after;
}

function layOutOnce(text: string): string {
  const document = parseDocument(hideReferences(text), { version: '1.2', schema: 'core' });
  const { contents } = document;
  const left = settle(contents, '');
  document.comment = trimmed(joined(contents?.comment, left, document.comment));
  if (contents !== null) contents.comment = null;
  return `${showReferences(tidyLines(document.toString({ lineWidth: widest })))}\n`;
}

/** The comments of `text`, sorted. */
export const commentsOf = (text: string): readonly string[] =>
  linesOf(hideReferences(text))
    .flatMap(({ comment }) => (comment === '' ? [] : [showReferences(comment).trimEnd()]))
    .sort();

/**
 * Moves comments out of odd places: those of several lines beside a value go above it, and at the end of a block those after a
 * blank line belong to what follows. `before` goes above the node; the result is for the node that follows.
 */
function settle(node: unknown, before: string): string {
  if (isPair(node)) return settlePair(node, before);
  if (!isNode(node)) return before;
  putAbove(node, before);
  if (!isBlock(node)) return '';
  const moved = node.items.reduce<string>((left, item) => settle(item, left), '');
  for (const item of node.items) liftFirst(item);
  const comment = joined(moved, node.comment);
  const own = /^(?:\n?[^\n]+)*/.exec(comment)?.[0] ?? '';
  node.comment = own;
  return comment.slice(own.length);
}

function settlePair({ key, value }: Pair, before: string): string {
  if (!isNode(key)) return settle(value, before);
  putAbove(key, before);
  if (isBlock(value)) return settle(value, '');
  if (isNode(value) && value.comment?.trimEnd().includes('\n') === true) {
    key.commentBefore = joined(key.commentBefore, value.comment);
    value.comment = null;
  }
  return '';
}

/** What is above the first key of a mapping in a list goes above its dash. */
function liftFirst(item: unknown): void {
  const first = isMap(item) && item.flow !== true ? item.items[0]?.key : undefined;
  if (!isMap(item) || !isNode(first)) return;
  item.commentBefore = joined(item.commentBefore, first.commentBefore);
  first.commentBefore = null;
}

/** `comment` begins with the blank line above it. */
function putAbove(node: Node, comment: string): void {
  if (comment === '') return;
  node.spaceBefore = true;
  node.commentBefore = trimmed(joined(comment, node.commentBefore));
}

const isBlock = (node: unknown): node is YAMLMap | YAMLSeq => isCollection(node) && node.flow !== true;

const joined = (...comments: readonly (string | null | undefined)[]): string =>
  comments.filter((comment) => typeof comment === 'string' && comment !== '').join('\n');

const trimmed = (comment: string): string => comment.replace(/^\n+|\n+$/g, '');

/** `literal`: within a text of several lines. */
type Line = { readonly code: string; readonly comment: string; readonly literal: boolean };

/** No blanks inside `[ ]`, one blank line at most, and comments beside consecutive lines in one column. */
function tidyLines(text: string): string {
  const lines = linesOf(text).filter(
    (line, index, all) => !isBlank(line) || !isBlank(all[index - 1] ?? line),
  );
  let column = 0;
  return lines
    .map((line, index) => {
      if (!isBeside(line)) return line.code + line.comment;
      if (!isBeside(lines[index - 1])) column = columnFrom(lines, index);
      return `${line.code.trimEnd().padEnd(column)} ${line.comment}`;
    })
    .join('\n');
}

const isBlank = ({ code, comment, literal }: Line): boolean => code === '' && comment === '' && !literal;
const isBeside = (line: Line | undefined): boolean =>
  line !== undefined && line.comment !== '' && line.code.trim() !== '';

/** The column of the comments beside the lines from `start` on. */
function columnFrom(lines: readonly Line[], start: number): number {
  const end = lines.findIndex((line, index) => index > start && !isBeside(line));
  const widths = lines.slice(start, end === -1 ? undefined : end).map(({ code }) => code.trimEnd().length);
  return Math.max(0, ...widths.filter((width) => width <= widestAligned));
}

function linesOf(text: string): readonly Line[] {
  const lines: Line[] = [];
  let [code, comment, previous] = ['', '', ''];
  const end = (literal: boolean): void => {
    lines.push({ code, comment, literal });
    [code, comment] = ['', ''];
  };
  for (const token of new Lexer().lex(text)) {
    if (previous === scalarFollows || /^["']/.test(token)) {
      const parts = token.split('\n');
      for (const part of parts.slice(0, -1)) {
        code += part;
        end(true);
      }
      code += parts.at(-1) ?? '';
    } else if (token === '\n' || token === '\r\n') end(false);
    else if (token.startsWith('#')) comment = token;
    else if (token === ']' && code.trim() !== '') code = `${code.trimEnd()}]`;
    else if (!isControl(token) && !(previous === '[' && token.trim() === '')) code += token;
    previous = token;
  }
  if (code !== '' || comment !== '') end(false);
  return lines;
}

/** What the lexer puts between the pieces of the text. */
const scalarFollows = '\u001f';
const isControl = (token: string): boolean => /^[\u0002\u0018\u001f]$/.test(token);
