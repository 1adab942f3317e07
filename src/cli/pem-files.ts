/** The files that a configuration names, looked at before anything is started with them. */

import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { createSecureContext } from 'node:tls';
import { type Config, unixPathOf } from '../config/config.ts';
import { placeAt } from '../config/reader/document.ts';
import { datesProblem, isFor, isKeyOf, type PemKind, pemProblem } from '../config/reader/pem.ts';
import { locatorOf, type Problem, type Warning } from '../config/reader/problem.ts';
import { systemClock } from '../kit/time.ts';

/** Files that are named together, and where. */
type Named = {
  readonly path: readonly (string | number)[];
  readonly files: Partial<Record<PemKind, string | undefined>>;
  readonly serverName?: string | undefined;
};

export type FilesFound = { readonly problems: readonly Problem[]; readonly warnings: readonly Warning[] };

/**
 * Files of `upstream.tls` and `listen.tls` that are not there, are not what they should be, or are out of date; Unix sockets that
 * cannot be used: the app's, if it is there, and those to listen on.
 */
export function checkFiles(text: string, file: string, { upstream, listen, control }: Config): FilesFound {
  const locate = locatorOf(text, file);
  const isList = listen.tls !== undefined && isListAt(text);
  const groups: Named[] = [];
  if (upstream.tls !== undefined) {
    const { ca, client } = upstream.tls;
    groups.push({ path: ['upstream', 'tls'], files: { ca, ...client } });
  }
  for (const [index, { cert, key, serverName }] of (listen.tls?.certificates ?? []).entries()) {
    const ca = index === 0 ? listen.tls?.ca : undefined;
    const path = isList ? ['listen', 'tls', index] : ['listen', 'tls'];
    groups.push({ path, files: { ca, cert, key }, serverName });
  }
  const problems: Problem[] = [];
  const warnings: Warning[] = [];
  const socket = socketProblem(upstream.url);
  if (socket !== undefined) warnings.push(locate('unusable-socket', socket, placeAt(text, ['upstream'])));
  for (const [name, { path }] of Object.entries({ listen, control })) {
    const problem = path === undefined ? undefined : ownSocketProblem(path);
    if (problem !== undefined) warnings.push(locate('unusable-socket', problem, placeAt(text, [name])));
  }
  for (const group of groups) {
    const tell: Tell = (kind, message) =>
      void problems.push(locate('bad-file', message, placeAt(text, [...group.path, kind])));
    const cert = checkGroup(group, tell);
    const dates = cert === undefined ? undefined : datesProblem(cert, systemClock.now());
    if (dates !== undefined)
      warnings.push(locate('outdated-certificate', dates, placeAt(text, [...group.path, 'cert'])));
  }
  const ciphers = listen.tls?.ciphers;
  if (ciphers !== undefined && !areCiphers(ciphers)) {
    const place = placeAt(text, ['listen', 'tls', ...(isList ? [0] : []), 'ciphers']);
    problems.push(locate('bad-value', 'OpenSSL knows none of these ciphers', place));
  }
  return { problems, warnings };
}

/** An app that is not running yet has no socket. */
function socketProblem(url: string): string | undefined {
  const path = unixPathOf(url);
  if (path === undefined) return undefined;
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isSocket() === false) return `${path} is not a socket`;
    accessSync(path, constants.W_OK);
    return undefined;
  } catch (error) {
    const reason = reasonOf(error);
    return reason === reasons['ENOENT'] ? undefined : `${path} cannot be connected to: ${reason}`;
  }
}

function ownSocketProblem(path: string): string | undefined {
  const folder = dirname(path);
  try {
    accessSync(folder, constants.W_OK);
    const isOther = statSync(path, { throwIfNoEntry: false })?.isSocket() === false;
    return isOther ? `${path} is not a socket` : undefined;
  } catch (error) {
    return `no socket can be made in ${folder}: ${reasonOf(error)}`;
  }
}

const isListAt = (text: string): boolean => placeAt(text, ['listen', 'tls', 0])[1] > 0;

type Tell = (kind: PemKind | 'server_name', message: string) => void;

/** Gives the certificate, if it can be read. */
function checkGroup({ files, serverName }: Named, tell: Tell): string | undefined {
  const contents = new Map<PemKind, string>();
  for (const [kind, path] of Object.entries(files) as [PemKind, string | undefined][]) {
    if (path === undefined) continue;
    const read = readPem(kind, path);
    if (read.kind === 'ok') contents.set(kind, read.text);
    else tell(kind, read.message);
  }
  const [cert, key] = [contents.get('cert'), contents.get('key')];
  if (cert !== undefined && key !== undefined && !isKeyOf(key, cert))
    tell('key', 'not the key of the certificate in `cert`');
  if (cert !== undefined && serverName !== undefined && !isFor(cert, serverName))
    tell('server_name', 'the certificate in `cert` is not for this name');
  return cert;
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

function areCiphers(ciphers: string): boolean {
  try {
    createSecureContext({ ciphers });
    return true;
  } catch {
    return false;
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
