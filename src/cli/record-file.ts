/** The file of a traffic record: one line for each exchange, readable by its owner alone. */

import type { Logger } from 'pino';
import pino from 'pino';

/** Beyond this, no more is recorded: about a million exchanges. */
const mostBytes = 512 * 1024 * 1024;

/** Opens it, or goes on with it; gives what writes a line. Throws if it cannot be opened. */
export function openRecordFile(file: string, log: Pick<Logger, 'warn'>): (line: string) => void {
  const destination = pino.destination({ dest: file, append: true, sync: true, mode: 0o600 });
  let left = mostBytes;
  const stop = (why: object): void => {
    if (left > 0) log.warn({ file, ...why }, 'recording stopped');
    left = 0;
  };
  destination.on('error', (err: unknown) => {
    stop({ err });
  });
  return (line) => {
    if (left <= 0) return;
    if (left < line.length) {
      stop({ bytes: mostBytes });
      return;
    }
    left -= line.length;
    destination.write(line);
  };
}
