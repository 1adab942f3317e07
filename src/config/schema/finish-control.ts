/** What of the control section is known only with the environment: its token, and whether there is any. */

import { type Node, isMap } from 'yaml';
import type { Config, Control } from '../config.ts';
import type { Environment } from '../reader/environment.ts';
import { type Reading, placeOfKey, placeOfSection } from '../reader/reader.ts';
import { shortestToken } from './check-server.ts';

type From = { readonly env: Environment; readonly root: Node };

/** The section with the token of the environment, if the file has none. Warns of a debug header that nobody can get. */
export function finishControl(
  { control, debug }: Pick<Config, 'control' | 'debug'>,
  from: From,
  at: Reading,
): Control {
  const token = control.token ?? tokenFromEnvironment(from, at);
  const section = isMap(from.root) ? from.root.get('debug', true) : undefined;
  if (debug.header && token === undefined && control.tokens.length === 0 && isMap(section)) {
    const why = 'the debug header is for holders of a control token, and there is none: set `control.tokens`';
    at.warn('no-control-token', why, placeOfKey(section, 'header'));
  }
  return { ...control, token };
}

function tokenFromEnvironment({ env, root }: From, at: Reading): string | undefined {
  const token = env['SHELFLIFE_TOKEN'];
  if (token === undefined || token === '') return undefined;
  if (token.length >= shortestToken) return token;
  at.report(
    'token-too-short',
    `SHELFLIFE_TOKEN must have at least ${shortestToken} characters; generate one with: openssl rand -hex 32`,
    placeOfSection(root, 'control'),
  );
  return undefined;
}
