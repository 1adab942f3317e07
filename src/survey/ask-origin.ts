/**
 * Asks the app for pages of an access log, politely: without a session, each page twice, one request at a time with a pause
 * between, and no more after three failures in a row.
 */

import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../kit/time.ts';
import { type OriginOptions } from '../origin/call.ts';
import { openOrigin, type Origin } from '../origin/origin.ts';
import { readLogLine } from './access-log.ts';
import type { Exchange } from './page-history.ts';
import { recordingOrigin } from './recorder.ts';

export type AskOptions = {
  readonly upstream: OriginOptions;
  readonly clock: Clock;
  readonly pauseMs: number;
  readonly onAsked: (done: number, of: number) => void;
};

const mostFailures = 3;

/** The app's answers. Never rejects; an app that does not answer gives fewer. */
export async function askOrigin(
  targets: readonly string[],
  { upstream, clock, pauseMs, onAsked }: AskOptions,
): Promise<readonly Exchange[]> {
  const answers: Exchange[] = [];
  const record = (line: string): void => {
    const read = readLogLine(line);
    if (read?.seen !== undefined) answers.push({ ...read, seen: read.seen });
  };
  const origin = recordingOrigin(openOrigin(upstream, { clock }), { clock, record });
  let failures = 0;
  const twice = targets.flatMap((target) => [target, target]);
  for (const [index, target] of twice.entries()) {
    failures = (await ask(origin, target, new URL(upstream.url).host)) ? 0 : failures + 1;
    onAsked(index + 1, twice.length);
    if (failures >= mostFailures) break;
    await pause(pauseMs);
  }
  await origin.close();
  return answers;
}

/** Whether it answered. */
const ask = (origin: Origin, target: string, host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const fields = [
      'Host',
      host === '' ? 'localhost' : host,
      'User-Agent',
      'shelflife-init',
      'Accept',
      '*/*',
    ];
    origin.send(
      { method: 'GET', target, fields },
      {
        onHead: () => undefined,
        onData: () => true,
        onEnd: () => {
          resolve(true);
        },
        onFailure: () => {
          resolve(false);
        },
      },
    );
  });
