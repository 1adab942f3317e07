/** What becomes of errors that nobody has caught. */

import type { Logger } from 'pino';
import { tell } from './output.ts';

/** Logs them; after an uncaught error the process ends. */
export function logErrors(log: Logger): void {
  process.on('unhandledRejection', (error) => {
    log.error({ err: error }, 'unhandled promise rejection; continuing');
  });
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught error; stopping');
    tell(`shelflife: uncaught error: ${error.message}`);
    process.exit(1);
  });
}
