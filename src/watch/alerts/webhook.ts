/**
 * Sends notices to webhooks: a POST of JSON with a `text` that Slack understands, retried on failure.
 *
 * Promises: it never rejects, never follows a redirect, never logs the URL (it is a secret), and gives up after the last try.
 * Notices to one URL arrive in order.
 */

import type { Logger } from 'pino';
import { runAfter, type Seconds, seconds } from '../../kit/time.ts';

const pauses: readonly Seconds[] = [seconds(1), seconds(5), seconds(25)];
const limitMs = 10_000;

const mostWaiting = 50;

type Body = { readonly text: string } & Readonly<Record<string, unknown>>;

/** Creates the function that sends notices. `text` is the message; the other members are for programs. */
export function createWebhook(log: Logger): (url: string, body: Body) => Promise<void> {
  const turns = new Map<string, { waiting: number; last: Promise<void> }>();
  return async (url, body) => {
    const turn = turns.get(url) ?? { waiting: 0, last: Promise.resolve() };
    if (turn.waiting >= mostWaiting) {
      log.error({ about: aboutOf(body) }, 'webhook: queue full; notice dropped');
      return;
    }
    turns.set(url, turn);
    turn.waiting += 1;
    turn.last = turn.last.then(() => tell(log, url, body));
    await turn.last;
    turn.waiting -= 1;
    if (turn.waiting === 0) turns.delete(url);
  };
}

async function tell(log: Logger, url: string, body: Body): Promise<void> {
  for (const pause of [seconds(0), ...pauses]) {
    await waited(pause);
    const problem = await post(url, body);
    if (problem === undefined) return;
    log.warn({ problem, about: aboutOf(body) }, 'webhook: notice not accepted');
    if (problem.startsWith('4') && problem !== '429' && problem !== '408') return;
  }
  log.error({ tries: pauses.length + 1, about: aboutOf(body) }, 'webhook: gave up');
}

const aboutOf = ({ name, text }: { readonly text: string; readonly name?: unknown }): string =>
  typeof name === 'string' ? name : text.replace(/\n.*/s, '');

const waited = (pause: Seconds): Promise<void> =>
  pause === 0
    ? Promise.resolve()
    : new Promise((resolve) => {
        runAfter(pause, resolve);
      });

async function post(url: string, body: unknown): Promise<string | undefined> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(limitMs),
    });
    await response.body?.cancel();
    return response.ok ? undefined : String(response.status);
  } catch (error) {
    return error instanceof Error ? problemOf(error) : 'unknown';
  }
}

/** undici's error code, if any; never its message, which may hold the address. */
function problemOf({ name, cause }: Error): string {
  if (!(cause instanceof Error)) return name;
  if ('code' in cause && typeof cause.code === 'string') return cause.code;
  return cause.message === 'unexpected redirect' ? cause.message : name;
}
