/**
 * Learns from the paths people asked for which segments are parameters: `/files/12/edit` and `/files/13/edit` are
 * `/files/:id/edit`.
 *
 * A segment is a parameter if it looks like an identifier (it has digits, and is not a word with a number), if it is the name of a file
 * below the first level, or if its place has more different words than a program has routes.
 */

import { splitTarget } from '../http/path-spelling.ts';

/** The pattern of a target whose path was learned from, or is like those, as `match` in the rules has it: `/files/:id`, `/static/*`. */
export type PatternOf = (target: string) => string;

type Node = {
  readonly words: Map<string, Node>;
  parameter: Node | undefined;
  isEnd: boolean;
  /** Everything below it is assets. */
  isTree: boolean;
};

/** More words than this in one place are values. */
const mostWords = 15;
/** At least this many assets make a folder of them. */
const fewestAssets = 3;
const longestPath = 512;

const asset = /\.(?:css|js|mjs|map|png|jpe?g|gif|svg|ico|webp|avif|woff2?|ttf|eot|mp4|webm|mp3|wasm)$/i;
const hasDigit = /\d/;
/** `v2`, `oauth2`, `sha256`. */
const numberedWord = /^(?:v\d{1,2}|[a-z]{4,}-?\d{1,3}|[a-z]{3}\d)$/i;
const fileName = /^[^.].*\.[a-z]\w{0,5}$/i;
/** What a pattern takes as itself. */
const plain = /^[\w.~!$&',;=@-]+$/;

/** Whether apps may read the path in several ways: `//a` is `/a` to some. */
export const isOdd = (path: string): boolean => /\/(?:\/|\.\.?(?:\/|$))/.test(path);

/** Learns from the paths of all targets at once; their order does not matter. */
export function learnPatterns(targets: Iterable<string>): PatternOf {
  const root = newNode();
  for (const path of new Set([...targets].map(pathOf)))
    if (path.length <= longestPath) add(root, segmentsOf(path));
  settle(root);
  return (target) => patternIn(root, segmentsOf(pathOf(target)));
}

/** Without the query. */
export const pathOf = (target: string): string => splitTarget(target).path;

const newNode = (): Node => ({ words: new Map(), parameter: undefined, isEnd: false, isTree: false });

const segmentsOf = (path: string): readonly string[] => path.split('/').slice(1);

function add(root: Node, segments: readonly string[]): void {
  let node = root;
  segments.forEach((segment, depth) => {
    node = isValue(segment, depth) ? (node.parameter ??= newNode()) : child(node, segment);
  });
  node.isEnd = true;
}

function child(node: Node, word: string): Node {
  const known = node.words.get(word);
  if (known !== undefined) return known;
  const made = newNode();
  node.words.set(word, made);
  return made;
}

/** `depth`: 0 for the first segment. */
function isValue(segment: string, depth: number): boolean {
  if (segment === '') return false;
  if (!plain.test(segment)) return true;
  if (asset.test(segment)) return false;
  if (fileName.test(segment)) return depth > 0;
  return hasDigit.test(segment) && !numberedWord.test(segment);
}

/**
 * Folders of assets become trees, places with many words parameters; from below. Gives how many assets are below a node that has
 * nothing else, 0 for others.
 */
function settle(node: Node): number {
  const { words } = node;
  const below = [...words].map(([word, next]) => {
    const inside = settle(next);
    return asset.test(word) && next.words.size === 0 ? 1 : inside;
  });
  const hasOthers = node.parameter !== undefined || node.isEnd || below.includes(0);
  if (node.parameter !== undefined) settle(node.parameter);
  const assets = hasOthers ? 0 : below.reduce((sum, one) => sum + one, 0);
  node.isTree = assets >= fewestAssets;
  if (node.isTree || words.size <= mostWords) return assets;
  for (const next of words.values()) node.parameter = merged(node.parameter ?? newNode(), next);
  words.clear();
  return 0;
}

function merged(into: Node, from: Node): Node {
  into.isEnd ||= from.isEnd;
  into.isTree ||= from.isTree;
  for (const [word, below] of from.words) merged(child(into, word), below);
  if (from.parameter !== undefined) into.parameter = merged(into.parameter ?? newNode(), from.parameter);
  return into;
}

function patternIn(root: Node, segments: readonly string[]): string {
  const parts: string[] = [];
  let values = 0;
  let node: Node | undefined = root;
  for (const segment of segments) {
    if (node?.isTree === true && parts.length > 0) return `/${[...parts, '*'].join('/')}`;
    const word: Node | undefined = node?.words.get(segment);
    if (word === undefined && segment !== '') {
      values += 1;
      parts.push(values === 1 ? ':id' : `:id${values}`);
    } else parts.push(segment);
    node = word ?? node?.parameter;
  }
  return `/${parts.join('/')}`;
}
