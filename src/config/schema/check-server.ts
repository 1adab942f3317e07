/** Reads the sections `control`, `log`, `debug` and `traces`. */

import { type Control, defaults, type TracesConfig } from '../config.ts';
import { logFormats, logLevels, type LogSettings } from './log-config.ts';
import { controlTokens } from './check-control-token.ts';
import { controlAddress, webUrl } from '../reader/read-address.ts';
import { bool, number, text, word } from '../reader/read-scalar.ts';
import { type Reader, failed, optional, or, required, section, then } from '../reader/reader.ts';

/** Shorter control tokens are refused (CONTRACT §2). */
export const shortestToken = 32;

const token: Reader<string> = then(text, (value, place, at) => {
  if (value.length >= shortestToken) return value;
  at.report(
    'token-too-short',
    `must have at least ${shortestToken} characters; generate one with: openssl rand -hex 32`,
    place,
  );
  return failed;
});

const controlSection = section({
  address: or(controlAddress, { host: defaults.control.host, port: defaults.control.port }),
  token: optional(token),
  tokens: or(controlTokens, []),
});

/** The caller adds the environment's token if there is none here. */
export const control: Reader<Control> = then(controlSection, (read): Control => ({
  ...read.address,
  token: read.token,
  tokens: read.tokens,
}));

export const traces: Reader<TracesConfig> = section({
  endpoint: required(webUrl),
  sample: or(number({ min: 0, max: 1 }), defaults.traces.sample),
  per_second: or(number({ min: 1, max: 100_000, whole: true }), defaults.traces.perSecond),
  service: or(text, defaults.traces.service),
});

/** What clients get to see of the proxy's work. */
export const debug = section({ server_timing: or(bool, false), header: or(bool, false) });

const logSection = section({
  level: or(word(logLevels), defaults.log.level),
  format: or(word(logFormats), defaults.log.format),
  requests: optional(word(['sample', 'all'])),
});

/** An access log in a format of others is read by programs that count its lines. */
export const log: Reader<LogSettings> = then(logSection, (read): LogSettings => ({
  ...read,
  requests: read.requests ?? (read.format === 'json' ? 'sample' : 'all'),
}));
