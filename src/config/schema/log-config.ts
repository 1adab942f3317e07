/** What is logged, and how. */

export type LogLevel = (typeof logLevels)[number];
export type LogSettings = {
  readonly level: LogLevel;
  readonly format: (typeof logFormats)[number];
  /** Which requests have a line; `sample`: failures, and some of the others. */
  readonly requests: 'sample' | 'all';
};

export const logFormats = ['json', 'combined', 'ecs'] as const;
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
