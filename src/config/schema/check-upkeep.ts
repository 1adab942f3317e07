/** Reads the sections for work that no client waits for: `purge`, `warm`, `refresh`, `janitor`, `alerts`, `report`. */

import { type Alert, type ReportSettings, type Warm, defaults, weekdays } from '../config.ts';
import { alertWhen } from './check-condition.ts';
import { isMeasuredOverFor } from './condition.ts';
import { checkOneOf } from '../reader/one-of.ts';
import { sitePath, webUrl } from '../reader/read-address.ts';
import {
  bool,
  duration,
  number,
  percentage,
  positive,
  text,
  timeOfDay,
  word,
} from '../reader/read-scalar.ts';
import {
  type Reader,
  failed,
  listOf,
  notEmpty,
  optional,
  or,
  placed,
  placeOfKey,
  recover,
  required,
  section,
  then,
} from '../reader/reader.ts';
import { namedList } from '../reader/unique-names.ts';

const count = number({ min: 0, max: 1e6, whole: true });

export const purge = section({ refill: or(bool, false) });

export const warm: Reader<Warm> = section({
  on_start: optional(
    section({ popular: or(count, 0), urls: or(listOf(sitePath), []), sitemap: optional(sitePath) }),
  ),
  concurrency: or(number({ min: 1, max: 1000, whole: true }), defaults.warm.concurrency),
});

const refreshSection = section(
  {
    urls: optional(notEmpty(listOf(sitePath))),
    type: optional(placed(text)),
    every: required(recover(positive, defaults.refresh.activeWithin)),
    active_within: or(positive, defaults.refresh.activeWithin),
  },
  (_, at, node) => {
    checkOneOf(['urls', 'type'], at, node);
    if (node.has('urls') && !node.has('type') && node.has('active_within')) {
      at.report('conflicting-keys', '`active_within` requires `type`', placeOfKey(node, 'active_within'));
    }
  },
);

export const refresh = listOf(
  then(refreshSection, ({ urls, type, every, activeWithin }) => {
    if (type !== undefined) return { kind: 'type', type, every, activeWithin } as const;
    return urls === undefined ? failed : ({ kind: 'urls', urls, every } as const);
  }),
);

export const janitor = section({
  every: or(positive, defaults.janitor.every),
  scan: or(number({ min: 1, max: 1e7, whole: true }), defaults.janitor.scan),
});

export const audit = section({ sample: required(percentage) });

/** The counters cover this long (watch/window.ts): an alert measured over more would never fire. */
const longestMeasured = 86_400;

const alert: Reader<Alert> = section(
  {
    name: required(text),
    when: required(alertWhen),
    for: or(duration, defaults.alert.for),
    min_requests: or(count, defaults.alert.minRequests),
    webhook: optional(webUrl),
  },
  ({ when, for: span = defaults.alert.for }, at, node) => {
    if (when === undefined || !isMeasuredOverFor(when) || span <= longestMeasured) return;
    at.report('out-of-range', 'must be at most 24h for this condition', placeOfKey(node, 'for'));
  },
);

export const alerts: Reader<readonly Alert[]> = namedList(alert);

const reportSection = section({
  every: or(word(['day', 'week']), defaults.report.every),
  day: or(word(weekdays), defaults.report.day),
  at: or(timeOfDay, defaults.report.atMinute),
  webhook: optional(webUrl),
});

export const report: Reader<ReportSettings> = then(reportSection, ({ at, ...rest }): ReportSettings => ({
  ...rest,
  atMinute: at,
}));
