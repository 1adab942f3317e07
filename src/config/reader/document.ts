/**
 * Parses configuration text into YAML nodes, with the place of each and every alias resolved.
 *
 * Promises: no text makes it throw. Aliases that contain themselves, or that multiply the document without bound, are
 * refused, so readers may follow aliases without counting.
 */

import {
  type Alias,
  type Node,
  type YAMLError,
  isAlias,
  isMap,
  isNode,
  isPair,
  isSeq,
  parseDocument,
} from 'yaml';
import { hideReferences, showReferences } from './environment.ts';
import type { Place, ProblemCode } from './problem.ts';

export type ReportProblem = (code: ProblemCode, message: string, place: Place) => void;

export type ConfigDocument = {
  readonly root: Node | undefined;
  readonly resolve: (alias: Alias) => Node | undefined;
  /** Where YAML's own parsing first failed; what follows may be misread. */
  readonly brokenAt: number | undefined;
};

/** How many nodes aliases may add to those written out. */
const aliasedNodes = 50_000;

/** How deep nodes may be in one another: readers recurse. */
const deepest = 500;

/** Parses `text` as YAML 1.2 with string keys. Problems are reported, never thrown. */
export function readDocument(text: string, report: ReportProblem): ConfigDocument {
  const document = parseDocument(hideReferences(text), {
    version: '1.2',
    schema: 'core',
    prettyErrors: false,
    uniqueKeys: true,
    stringKeys: true,
    // Not `silent`: that would also accept a second document, unread.
    logLevel: 'error',
  });
  const brokenAt = reportErrors([...document.errors, ...document.warnings], text, report);
  const root = document.contents ?? undefined;
  const aliases = new Aliases(report);
  aliases.weigh(root);
  return {
    root: aliases.refused ? undefined : root,
    resolve: (alias) => aliases.targets.get(alias),
    brokenAt,
  };
}

/** The place of a node's value in the text, without a comment after it. */
export function placeOf(node: Node): Place {
  const range = node.range ?? [0, 0, 0];
  return [range[0], range[1]];
}

/** The place of the value at `path`; the beginning, if there is none. */
export function placeAt(text: string, path: readonly (string | number)[]): Place {
  const node = parseDocument(hideReferences(text), { schema: 'core' }).getIn(path, true);
  return isNode(node) ? placeOf(node) : [0, 0];
}

function reportErrors(errors: readonly YAMLError[], text: string, report: ReportProblem): number | undefined {
  let brokenAt: number | undefined;
  let lastLine = -1;
  for (const error of errors) {
    if (error.code === 'DUPLICATE_KEY') {
      report('duplicate-key', 'duplicate key; keep one of the two', keyPlace(text, error.pos[0]));
      continue;
    }
    const line = text.lastIndexOf('\n', error.pos[0] - 1);
    // One error makes the parser fail over and over in what follows: the first message is the helpful one.
    const echo = brokenAt !== undefined && (line === lastLine || error.message.includes('in YAML stream'));
    brokenAt = Math.min(brokenAt ?? Infinity, error.pos[0]);
    lastLine = line;
    if (!echo) report('bad-yaml', `invalid YAML: ${showReferences(error.message)}`, error.pos);
  }
  return brokenAt;
}

function keyPlace(text: string, start: number): Place {
  const key = /^("(?:[^"\\]|\\.)*"|'[^']*'|[^\s:,]+)/.exec(text.slice(start, start + 200))?.[0] ?? ' ';
  return [start, start + key.length];
}

type Anchored = { readonly node: Node; weight: number | undefined };

/** Resolves aliases, and counts the nodes that a reader which follows them would visit. */
class Aliases {
  readonly targets = new Map<Alias, Node>();
  refused = false;
  readonly #anchors = new Map<string, Anchored>();
  readonly #report: ReportProblem;
  #added = 0;

  constructor(report: ReportProblem) {
    this.#report = report;
  }

  /** The number of nodes in `node`, aliases followed. Visits in the order of the text, as YAML defines anchors. */
  weigh(node: unknown, depth = 0): number {
    if (isAlias(node)) return this.#weighAlias(node);
    if (depth > deepest && isNode(node)) {
      this.#report('bad-yaml', 'nested too deeply', placeOf(node));
      this.refused = true;
      return 1;
    }
    const name = anchorOf(node);
    const anchored: Anchored = { node: node as Node, weight: undefined };
    if (name !== undefined) this.#anchors.set(name, anchored);
    anchored.weight =
      1 + childrenOf(node).reduce<number>((sum, child) => sum + this.weigh(child, depth + 1), 0);
    return anchored.weight;
  }

  #weighAlias(alias: Alias): number {
    const target = this.#anchors.get(alias.source);
    if (target === undefined) {
      this.#report(
        'bad-yaml',
        `the alias *${alias.source} has no anchor &${alias.source} above it`,
        placeOf(alias),
      );
      this.refused = true;
    }
    if (target === undefined || this.refused) return 1;
    this.targets.set(alias, target.node);
    this.#added += target.weight ?? Infinity;
    if (this.#added > aliasedNodes) this.#refuse(alias, target);
    return target.weight ?? 1;
  }

  #refuse(alias: Alias, { weight }: Anchored): void {
    this.refused = true;
    const why = `and those before it repeat more than ${aliasedNodes} nodes`;
    const what = weight === undefined ? 'contains itself' : why;
    this.#report(
      'alias-limit',
      `the alias *${alias.source} ${what}; write the values out instead`,
      placeOf(alias),
    );
  }
}

const anchorOf = (node: unknown): string | undefined =>
  typeof node === 'object' && node !== null && 'anchor' in node && typeof node.anchor === 'string'
    ? node.anchor
    : undefined;

function childrenOf(node: unknown): readonly unknown[] {
  if (isPair(node)) return [node.key, node.value];
  return isMap(node) || isSeq(node) ? node.items : [];
}
