/** `shelflife explain METHOD URL`: every decision about one exchange, step by step, without a network. */

import { type Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../kit/time.ts';
import type { VerifyJwt } from '../policy/identity/identity.ts';
import type { Jwt } from '../config/config.ts';
import { readHeaderLines } from '../explain/header-lines.ts';
import { loadConfig, tellProblems } from './load-config.ts';
import { collect, printable, type Terminal } from './terminal.ts';

type Options = {
  readonly config?: string;
  readonly header: readonly string[];
  readonly body?: string;
  readonly status: number;
  readonly responseHeader: readonly string[];
  readonly responseBody?: string;
  readonly json?: true;
};

/** Adds the command. */
export function addExplain(program: Command, terminal: Terminal): void {
  program
    .command('explain')
    .description('explain every decision about one exchange, without a network')
    .argument('<method>', 'the request method')
    .argument('<url>', 'a path with its query, or an absolute URL')
    .option('-c, --config <file>', 'the configuration file; without one the built-in defaults')
    .option('-H, --header <line>', "a request header, 'name: value'; repeatable", collect, [])
    .option('--body <text>', "the request's body, for write rules that read it")
    .option('--status <number>', "the status of the origin's answer", statusOf, 200)
    .option(
      '--response-header <line>',
      "a header of the origin's answer, 'name: value'; repeatable",
      collect,
      [],
    )
    .option('--response-body <text>', "the body of the origin's answer, for rules that read it")
    .option('--json', 'the steps as JSON')
    .action((method: string, url: string, options: Options) =>
      explainCommand(terminal, { method, url }, options),
    );
}

type Asked = { readonly method: string; readonly url: string };

async function explainCommand(terminal: Terminal, { method, url }: Asked, options: Options): Promise<void> {
  const { config: file, header, body, status, responseHeader, responseBody, json } = options;
  const fields = readHeaderLines(header);
  const responseFields = readHeaderLines(responseHeader);
  if (fields === undefined || responseFields === undefined) {
    terminal.fail("a header is written 'name: value'");
    return;
  }
  const upstream = file === undefined ? 'http://origin.invalid' : undefined;
  const loaded = await loadConfig({ file, env: terminal.env, upstream, upstreamMayBeMissing: true });
  if (loaded.kind !== 'ok') {
    tellProblems(terminal, loaded);
    return;
  }
  const { config } = loaded;
  // Loaded on demand: other commands start in half the time without it.
  const [{ explain, explanationLines, offlineServices }, { createVerifyJwt }] = await Promise.all([
    import('../explain/explain.ts'),
    import('../origin/jwt.ts'),
  ]);
  const services = offlineServices(config, {
    clock: systemClock,
    verifyJwt: offlineVerify(config.identity.jwt, createVerifyJwt),
  });
  const exchange = { body, status, responseFields, responseBody };
  const result = await explain(services, { method: method.toUpperCase(), url, fields, ...exchange });
  if (result.kind === 'not-a-url')
    terminal.fail(`${url} is neither a path that begins with / nor an absolute URL`);
  else if (json === true) terminal.printJson(result.explanation);
  else terminal.print(...explanationLines(result.explanation).map(printable));
}

function statusOf(text: string): number {
  const status = Number(text);
  if (Number.isInteger(status) && status >= 200 && status <= 599) return status;
  throw new InvalidArgumentError('It must be a number from 200 to 599.');
}

/** Published keys would have to be fetched, so tokens signed with them cannot be verified here. */
function offlineVerify(jwt: Jwt | undefined, verifyWith: (jwt: Jwt) => VerifyJwt): VerifyJwt | undefined {
  if (jwt === undefined) return undefined;
  return jwt.key.kind === 'secret' ? verifyWith(jwt) : () => Promise.resolve(undefined);
}
