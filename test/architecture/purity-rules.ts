/**
 * The clock is read in one file; pure files use no global that does I/O, waits, or leaves things to chance.
 */
import ts from 'typescript';
import { CLOCK_FILE, isPure } from './house.ts';
import { lineOf, parse, walk } from './source.ts';
import type { Breach, Tree } from './source.ts';

// prettier-ignore
const IMPURE_GLOBALS: readonly string[] = [
  'BroadcastChannel', 'EventSource', 'WebSocket', 'XMLHttpRequest', 'clearInterval', 'clearTimeout', 'console', 'fetch',
  'localStorage', 'process', 'setImmediate', 'setInterval', 'setTimeout',
];
const GLOBAL_OBJECTS: readonly string[] = ['global', 'globalThis'];

/** Every clock read outside the clock's file, and every impure global in a pure one. */
export function purityBreaches(tree: Tree): readonly Breach[] {
  const breaches: Breach[] = [];
  for (const [file, text] of tree) {
    if (file === CLOCK_FILE) continue;
    const source = parse(file, text);
    const declared = declaredNames(source);
    const pure = isPure(file);
    walk(source, (node) => {
      const used = globalUsed(node, declared);
      if (used === undefined) return;
      const at = { file, line: lineOf(node) };
      if (readsClock(used, node)) {
        breaches.push({
          ...at,
          rule: 'clock',
          message: `${used} is read; only ${CLOCK_FILE} may, others are given a time`,
        });
      } else if (pure && (IMPURE_GLOBALS.includes(used) || isChance(used, node))) {
        breaches.push({
          ...at,
          rule: 'pure',
          message: `a file without I/O, clock and chance may not use ${used}`,
        });
      }
    });
  }
  return breaches;
}

/** Names a file declares itself (parameters included) are not the globals of the same name. */
function declaredNames(source: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>();
  walk(source, (node) => {
    // prettier-ignore
    const declares =
      ts.isVariableDeclaration(node) || ts.isParameter(node) || ts.isBindingElement(node) || ts.isImportSpecifier(node) ||
      ts.isImportClause(node) || ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node);
    // `performance` imported from node:perf_hooks is the clock all the same.
    if (
      declares &&
      node.name !== undefined &&
      ts.isIdentifier(node.name) &&
      node.name.text !== 'performance'
    ) {
      names.add(node.name.text);
    }
  });
  return names;
}

/** The name of the global that this node refers to as a value, if it is one; `globalThis.x` refers to `x`. */
function globalUsed(node: ts.Node, declared: ReadonlySet<string>): string | undefined {
  if (!ts.isIdentifier(node)) return undefined;
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) {
    return ts.isIdentifier(parent.expression) && GLOBAL_OBJECTS.includes(parent.expression.text)
      ? node.text
      : undefined;
  }
  return isOnlyAName(node) || declared.has(node.text) ? undefined : node.text;
}

function isOnlyAName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isShorthandPropertyAssignment(parent)) return false;
  if (ts.isTypeReferenceNode(parent) || ts.isQualifiedName(parent) || ts.isTypeQueryNode(parent)) return true;
  const names: unknown[] = ['name' in parent ? parent.name : undefined];
  if ('propertyName' in parent) names.push(parent.propertyName);
  return names.includes(node);
}

function readsClock(used: string, node: ts.Node): boolean {
  if (used === 'performance') return true;
  if (used === 'process') return ['hrtime', 'uptime'].includes(memberOf(node) ?? '');
  if (used !== 'Date') return false;
  const user = ofGlobalObject(node).parent;
  if (ts.isNewExpression(user)) return (user.arguments ?? []).length === 0;
  return memberOf(node) === 'now' || (ts.isCallExpression(user) && user.expression === ofGlobalObject(node));
}

function isChance(used: string, node: ts.Node): boolean {
  return used === 'Math' && memberOf(node) === 'random';
}

/** The property taken from the global: `now` of `Date.now`, also of `Date['now']`. */
function memberOf(node: ts.Node): string | undefined {
  const user = ofGlobalObject(node).parent;
  if (ts.isPropertyAccessExpression(user)) return user.name.text;
  if (ts.isElementAccessExpression(user) && ts.isStringLiteralLike(user.argumentExpression)) {
    return user.argumentExpression.text;
  }
  return undefined;
}

/** `globalThis.x` for its `x`, otherwise the node itself. */
function ofGlobalObject(node: ts.Node): ts.Node {
  return ts.isPropertyAccessExpression(node.parent) && node.parent.name === node ? node.parent : node;
}
