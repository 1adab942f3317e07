/**
 * Reloads the configuration: whole or not at all (CONTRACT §2 "Details that matter").
 *
 * Promises: one reload at a time, in order. A bad file changes nothing. Sections that need a restart keep their previous
 * values and are named.
 */

import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { ParseResult } from '../config/schema/check.ts';
import type { Config } from '../config/config.ts';
import { type Problem, renderProblem, type Warning } from '../config/reader/problem.ts';
import type { RegisterRoutes } from './api.ts';
import { sendProblem } from './problem-answer.ts';

/** `unreadable`: the file is missing or cannot be read. */
export type ReadConfigResult = ParseResult | { readonly kind: 'unreadable'; readonly message: string };
export type ReadConfig = () => Promise<ReadConfigResult>;

export type ReloadResult =
  | {
      readonly kind: 'applied';
      /** Sections that have changed and take effect after a restart. */
      readonly restart: readonly string[];
      readonly warnings: readonly Warning[];
    }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }
  | { readonly kind: 'unreadable'; readonly message: string }
  | { readonly kind: 'no-file' };

export type Reload = () => Promise<ReloadResult>;

export type ReloadOptions = {
  readonly read: ReadConfig | undefined;
  readonly current: () => Config;
  readonly replace: (config: Config) => Promise<void>;
};

/** Creates the function that reloads the configuration. */
export function createReload({ read, current, replace }: ReloadOptions): Reload {
  let last: Promise<unknown> = Promise.resolve();
  const once = async (readNow: ReadConfig): Promise<ReloadResult> => {
    const result = await readNow();
    if (result.kind === 'problems') return { kind: 'refused', problems: result.problems };
    if (result.kind === 'unreadable') return result;
    const { config, warnings } = result;
    const restart = changedForRestart(current(), config);
    await replace(withoutRestart(current(), config));
    return { kind: 'applied', restart, warnings };
  };
  return () => {
    if (read === undefined) return Promise.resolve({ kind: 'no-file' });
    const next = last.then(() => once(read));
    // The next reload waits until this one ends, whether it succeeds or not.
    last = next.catch(() => undefined);
    return next;
  };
}

const restartSections = ['upstream', 'listen', 'control', 'store', 'traces'] as const;

/** The sections that differ and are in force only after a restart. */
export function changedForRestart(before: Config, after: Config): string[] {
  const changed: string[] = restartSections.filter((name) => !isDeepStrictEqual(before[name], after[name]));
  if (!isDeepStrictEqual(before.ttl.popular, after.ttl.popular)) changed.push('ttl.popular');
  const lines = ({ log }: Config) => ({ ...log, level: undefined });
  return isDeepStrictEqual(lines(before), lines(after)) ? changed : [...changed, 'log'];
}

/** What a reload of `after` puts in force. */
export function withoutRestart(before: Config, after: Config): Config {
  const { upstream, listen, control, store, traces } = before;
  const ttl = { ...after.ttl, popular: before.ttl.popular };
  return {
    ...after,
    upstream,
    listen,
    control,
    store,
    traces,
    ttl,
    log: { ...before.log, level: after.log.level },
  };
}

/** The route of `POST /reload`. */
export function reloadRoutes(reload: Reload, log: Logger): RegisterRoutes {
  return (app) => {
    app.post('/reload', async (request, reply) => {
      const result = await reload();
      log.info({ address: request.ip, result: result.kind }, 'control: reload');
      switch (result.kind) {
        case 'applied': {
          const { restart, warnings } = result;
          return reply.send({ applied: true, restart, warnings: warnings.map(renderProblem) });
        }
        case 'refused': {
          const problems = result.problems.map(({ file, line, column, code, message }) => ({
            file,
            line,
            column,
            code,
            message,
          }));
          const detail = `the file has ${problems.length} problems; the previous configuration stays in force`;
          return sendProblem(reply, { status: 422, detail, members: { problems } });
        }
        case 'unreadable':
          return sendProblem(reply, {
            status: 422,
            detail: `${result.message}; the previous configuration stays in force`,
          });
        case 'no-file':
          return sendProblem(reply, {
            status: 409,
            detail: 'the proxy was started without a configuration file',
          });
        default:
          return result satisfies never;
      }
    });
  };
}
