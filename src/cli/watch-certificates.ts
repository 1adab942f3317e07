/**
 * Reports when certificate files have changed: once for a pair, whose files are written one after the other.
 */

import { readFile } from 'node:fs/promises';
import type { ListenTls } from '../config/config.ts';
import { watchContent } from './watch-file.ts';

/** Longer than it takes to see that the other file of a pair has changed too. */
const longestBetweenMs = 1000;

/** Watches the files of `tls`; resolves with the function that stops it. */
export async function watchCertificates(
  { certificates, ca }: ListenTls,
  onChange: () => void,
  settleMs = longestBetweenMs,
): Promise<() => void> {
  const files = new Set([
    ...certificates.flatMap(({ cert, key }) => [cert, key]),
    ...(ca === undefined ? [] : [ca]),
  ]);
  let timer: NodeJS.Timeout | undefined;
  const settle = (): void => {
    clearTimeout(timer);
    timer = setTimeout(onChange, settleMs);
  };
  const stops = await Promise.all(
    [...files].map(async (file) => {
      // One that cannot be read is reported as soon as it can be.
      const known = await readFile(file, 'utf8').catch(() => '');
      return watchContent(file, { known, onChange: settle });
    }),
  );
  return () => {
    clearTimeout(timer);
    for (const stop of stops) stop();
  };
}
