/**
 * The files in PEM form that a configuration names, looked at before anything is started with them.
 */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import type { Config } from '../config/config.ts';
import { placeAt } from '../config/reader/document.ts';
import { isKeyOf, type PemKind, pemProblem } from '../config/reader/pem.ts';
import { locatorOf, type Problem } from '../config/reader/problem.ts';

/** Files of `upstream.tls` that are not there, or are not what they should be. */
export function fileProblems(text: string, file: string, { upstream }: Config): Problem[] {
  const { ca, client } = upstream.tls ?? {};
  const contents = new Map<PemKind, string>();
  const found: Problem[] = [];
  const refuse = (kind: PemKind, message: string): void =>
    void found.push(locatorOf(text, file)('bad-file', message, placeAt(text, ['upstream', 'tls', kind])));
  for (const [kind, path] of Object.entries({ ca, ...client }) as [PemKind, string | undefined][]) {
    if (path === undefined) continue;
    const read = readPem(kind, path);
    if (read.kind === 'ok') contents.set(kind, read.text);
    else refuse(kind, read.message);
  }
  const [cert, key] = [contents.get('cert'), contents.get('key')];
  if (cert !== undefined && key !== undefined && !isKeyOf(key, cert))
    refuse('key', 'not the key of the certificate in `cert`');
  return found;
}

/** Files of `listen.tls` that are not there, told beside the problem that it is not built. */
export function listenFileProblems(text: string, file: string): Problem[] {
  const document = parseDocument(text);
  return ['cert', 'key'].flatMap((name) => {
    const path = document.getIn(['listen', 'tls', name]);
    if (typeof path !== 'string' || path.includes('${') || existsSync(resolve(dirname(file), path)))
      return [];
    const place = placeAt(text, ['listen', 'tls', name]);
    return [locatorOf(text, file)('bad-file', `${path} cannot be read: no such file`, place)];
  });
}

type PemRead =
  { readonly kind: 'ok'; readonly text: string } | { readonly kind: 'bad'; readonly message: string };

function readPem(kind: PemKind, path: string): PemRead {
  try {
    const text = readFileSync(path, 'utf8');
    const problem = pemProblem(kind, text);
    return problem === undefined ? { kind: 'ok', text } : { kind: 'bad', message: `${path}: ${problem}` };
  } catch (error) {
    return { kind: 'bad', message: `${path} cannot be read: ${reasonOf(error)}` };
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};

/** Why a file cannot be read. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return reasons[code] ?? (error instanceof Error ? error.message : String(error));
}
