/** What becomes of errors that nobody has caught. */

import type { Logger } from 'pino';

/** Logs them; after an uncaught error the process ends. */
export function logErrors(log: Logger): void {
  process.on('unhandledRejection', (error) => {
    log.error({ err: error }, 'unhandled promise rejection; continuing');
  });
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught error; stopping');
    process.stderr.write(`shelflife: uncaught error: ${error.message}\n`);
    process.exit(1);
  });
}
