/**
 * A source file as the rules see it: parsed by TypeScript itself, never by regular expressions, so that a comment or
 * a string cannot look like an import.
 */
import ts from 'typescript';

/** File paths, with `/` and relative to the repository, and their texts. */
export type Tree = ReadonlyMap<string, string>;

/** One broken rule, at one place. */
export type Breach = {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly rule: string;
  readonly message: string;
};

/** An import, export-from, `import()` or import type, as written. */
export type ImportSite = { readonly specifier: string; readonly line: number };

/** The text as a syntax tree with parents; no types are resolved. */
export function parse(file: string, text: string): ts.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true, ts.ScriptKind.TS);
}

/** The line, from 1, on which the node's first token stands. */
export function lineOf(node: ts.Node): number {
  return lineAt(node.getSourceFile(), node.getStart());
}

/** The line, from 1, of a position. */
export function lineAt(source: ts.SourceFile, position: number): number {
  return source.getLineAndCharacterOfPosition(position).line + 1;
}

/** Calls `visit` for every node below `node`, in order. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  ts.forEachChild(node, (child) => {
    visit(child);
    walk(child, visit);
  });
}

/** Every module the file names, in any of the ways a module can be named. */
export function importsOf(source: ts.SourceFile): readonly ImportSite[] {
  const sites: ImportSite[] = [];
  walk(source, (node) => {
    const specifier = specifierOf(node);
    if (specifier !== undefined) sites.push({ specifier: specifier.text, line: lineOf(specifier) });
  });
  return sites;
}

function specifierOf(node: ts.Node): ts.StringLiteralLike | undefined {
  const named = namedModule(node);
  return named !== undefined && ts.isStringLiteralLike(named) ? named : undefined;
}

function namedModule(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isExternalModuleReference(node)) return node.expression;
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return node.argument.literal;
  if (ts.isCallExpression(node) && isImportOrRequire(node.expression)) return node.arguments[0];
  return undefined;
}

function isImportOrRequire(callee: ts.Expression): boolean {
  return (
    callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require')
  );
}

/** `file:line rule: message`, as every failure is shown. */
export function describe(breach: Breach): string {
  return `${breach.file}:${breach.line} ${breach.rule}: ${breach.message}`;
}
