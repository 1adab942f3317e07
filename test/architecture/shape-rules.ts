/** Checks the form of a file: name, size, opening comment, docstrings, and syntax the project avoids. */
import ts from 'typescript';
import { lineAt, lineOf, parse, walk } from './source.ts';
import type { Breach, Tree } from './source.ts';

const MAX_FILE_LINES = 300;
const MAX_FUNCTION_LINES = 50;
const NAME_PART = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const EMPTY_WORDS: readonly string[] = ['util', 'utils', 'helper', 'helpers', 'common', 'manager', 'misc'];
const UNFINISHED = /\b(TODO|FIXME|XXX)\b/;

type Report = (line: number, rule: string, message: string) => void;

/** Every file of `src` (TypeScript, and the browser's files) that is not in the shape agreed on. */
export function shapeBreaches(tree: Tree): readonly Breach[] {
  const breaches: Breach[] = [];
  for (const [file, text] of tree) {
    const report: Report = (line, rule, message) => void breaches.push({ file, line, rule, message });
    checkName(file, report);
    checkText(file, text, report);
    if (file.endsWith('.ts')) checkSyntax(parse(file, text), report);
  }
  return breaches;
}

function checkName(file: string, report: Report): void {
  const parts = file.replace(/\.[a-z]+$/, '').split('/');
  for (const part of parts) {
    if (!NAME_PART.test(part)) report(1, 'name', `${part} is not in kebab-case`);
    const empty = part.split('-').find((word) => EMPTY_WORDS.includes(word));
    if (empty !== undefined)
      report(1, 'name', `"${empty}" says nothing: name the question that the file answers`);
  }
  if (file.endsWith('/index.ts')) report(1, 'name', 'no index.ts: import from the file that has it');
}

function checkText(file: string, text: string, report: Report): void {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (lines.length > MAX_FILE_LINES && /\.(ts|js)$/.test(file)) {
    report(MAX_FILE_LINES + 1, 'file-length', `${lines.length} lines; the limit is ${MAX_FILE_LINES}`);
  }
  lines.forEach((line, at) => {
    const word = UNFINISHED.exec(line)?.[1];
    if (word !== undefined) report(at + 1, 'unfinished', `${word}: finish it, or open an issue`);
  });
  if (/\.(ts|js|css)$/.test(file) && !/^(#!.*\n)?\/[*/]/.test(text)) {
    report(1, 'opening-comment', 'a file opens with a comment: what it answers, what it promises');
  }
}

function checkSyntax(source: ts.SourceFile, report: Report): void {
  walk(source, (node) => {
    if (ts.isEnumDeclaration(node)) report(lineOf(node), 'enum', 'use a union of string literals');
    if (node.kind === ts.SyntaxKind.AnyKeyword)
      report(lineOf(node), 'any', 'use unknown, and narrow it once');
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined)
      checkLength(source, node, report);
  });
  for (const statement of exportedCode(source)) {
    if (!hasDocstring(source, statement)) {
      report(lineOf(statement), 'docstring', 'an exported function or class has a docstring');
    }
  }
}

function checkLength(source: ts.SourceFile, node: ts.Node, report: Report): void {
  const lines = lineAt(source, node.getEnd()) - lineOf(node) + 1;
  if (lines > MAX_FUNCTION_LINES) {
    report(lineOf(node), 'function-length', `${lines} lines; the limit is ${MAX_FUNCTION_LINES}`);
  }
}

/** The statements that export functions or classes, of overloads only the first. */
function exportedCode(source: ts.SourceFile): readonly ts.Statement[] {
  const listed = namesInExportLists(source);
  const seen = new Set<string>();
  return source.statements.filter((statement) => {
    const names = namesOfCode(statement);
    const exported = isMarkedExport(statement) ? names : names.filter((name) => listed.has(name));
    const fresh = exported.filter((name) => !seen.has(name));
    fresh.forEach((name) => seen.add(name));
    return fresh.length > 0;
  });
}

function namesInExportLists(source: ts.SourceFile): ReadonlySet<string> {
  const lists = source.statements.filter(ts.isExportDeclaration).map((statement) => statement.exportClause);
  const elements = lists.flatMap((clause) =>
    clause !== undefined && ts.isNamedExports(clause) ? [...clause.elements] : [],
  );
  return new Set(elements.map((element) => (element.propertyName ?? element.name).text));
}

function isMarkedExport(statement: ts.Statement): boolean {
  if (ts.isExportAssignment(statement)) return true;
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  return modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword) ?? false;
}

/** The functions and classes a statement declares; a default export without a name is called `default`. */
function namesOfCode(statement: ts.Statement): readonly string[] {
  if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement))
    return [statement.name?.text ?? 'default'];
  if (ts.isExportAssignment(statement)) return isCode(statement.expression) ? ['default'] : [];
  if (!ts.isVariableStatement(statement)) return [];
  const code = statement.declarationList.declarations.filter(
    (d) => d.initializer !== undefined && isCode(d.initializer),
  );
  return code.map((declaration) => declaration.name.getText());
}

function isCode(value: ts.Expression): boolean {
  if (ts.isAsExpression(value) || ts.isSatisfiesExpression(value) || ts.isParenthesizedExpression(value)) {
    return isCode(value.expression);
  }
  return ts.isArrowFunction(value) || ts.isFunctionExpression(value) || ts.isClassExpression(value);
}

function hasDocstring(source: ts.SourceFile, statement: ts.Statement): boolean {
  const comments = ts.getLeadingCommentRanges(source.text, statement.getFullStart()) ?? [];
  // The comment that opens the file is the file's: a function that comes first has one of its own.
  const own = statement === source.statements[0] ? comments.slice(1) : comments;
  const last = own.at(-1);
  return last !== undefined && source.text.startsWith('/**', last.pos);
}
