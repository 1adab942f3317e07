/**
 * The report in time: hours gathered and kept, a report whenever asked for, and one written when it is due.
 *
 * Where hours are kept is given from outside. With several instances `claim` sees to it that one of them writes a report.
 */

import { Cron } from 'croner';
import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import { weekdays } from '../config/config.ts';
import type { EpochMs } from '../kit/time.ts';
import { buildReport, type Period, type Report } from './report.ts';
import { reportHtml } from './report-html.ts';
import { reportMarkdown, reportSummary, reportText } from './report-text.ts';
import { type Hour, Rollup } from './rollup.ts';
import type { Watch } from './watch.ts';
import type { Point } from './window.ts';

/** Where the hours of this instance, and of others, are kept. */
export interface HourArchive {
  /** Those kept before; none when there are none, or they cannot be read. */
  load(): Promise<readonly Hour[]>;
  /** Keeps them, in place of what was kept. */
  save(hours: readonly Hour[]): Promise<void>;
  /** Writes a finished report under a name. */
  publish(name: string, text: string): Promise<void>;
  /** Whether this instance is the one to publish `name`. */
  claim(name: string): Promise<boolean>;
}

export type ReportFormat = 'json' | 'text' | 'markdown' | 'html';

export type DeskOptions = {
  readonly watch: Watch;
  /** Absent: hours are kept in memory only, nothing is written. */
  readonly archive: HourArchive | undefined;
  readonly log: Logger;
  readonly send: (url: string, body: { readonly text: string; readonly report: Report }) => Promise<void>;
};

const collectEveryMs = 10_000;
const saveEveryMs = 300_000;

/** Gathers hours and writes reports. */
export class ReportDesk {
  readonly #options: DeskOptions;
  readonly #rollup: Rollup;
  #collectedAt = 0;
  #savedAt: number;
  #due: { readonly key: string; readonly at: EpochMs | undefined } | undefined;

  constructor(options: DeskOptions) {
    const { watch } = options;
    this.#options = options;
    this.#rollup = new Rollup(watch.counters, watch.now());
    this.#savedAt = watch.startedAt;
  }

  /** Takes up the hours kept before. */
  async open(): Promise<void> {
    const { archive, log } = this.#options;
    try {
      for (const hour of (await archive?.load()) ?? []) this.#rollup.add(hour);
    } catch (error) {
      log.warn({ err: error }, 'report: the hours kept before cannot be read');
    }
  }

  /** To be called at every tick. */
  tick(point: Point): void {
    if (point.at - this.#collectedAt < collectEveryMs && !this.#isDue(point.at)) return;
    this.#collectedAt = point.at;
    this.#rollup.collect(point);
    if (point.at - this.#savedAt >= saveEveryMs) void this.#save(point.at);
    if (this.#isDue(point.at)) void this.#publish(point.at);
  }

  /** The report of the period up to now. */
  report(period: Period): Report {
    const { watch } = this.#options;
    const point = watch.now();
    this.#rollup.collect(point);
    return buildReport(this.#rollup.hours(), { period, now: point.at });
  }

  /** The same, as text of a kind. */
  render(period: Period, format: ReportFormat): string {
    return renderReport(this.report(period), format);
  }

  /** Keeps what there is. */
  async close(): Promise<void> {
    const point = this.#options.watch.now();
    this.#rollup.collect(point);
    await this.#save(point.at);
  }

  async #save(now: EpochMs): Promise<void> {
    this.#savedAt = now;
    const { archive, log } = this.#options;
    try {
      await archive?.save(this.#rollup.hours());
    } catch (error) {
      log.warn({ err: error }, 'report: the hours cannot be kept');
    }
  }

  /** Whether the time of the next report has come. A changed schedule counts from when it is seen. */
  #isDue(now: EpochMs): boolean {
    const key = JSON.stringify([this.#config().report, this.#config().ttl.timeZone]);
    if (this.#due?.key !== key) this.#due = { key, at: nextReport(this.#config(), now) };
    return this.#due.at !== undefined && now >= this.#due.at;
  }

  async #publish(now: EpochMs): Promise<void> {
    const { report: schedule } = this.#config();
    const due = this.#due;
    if (schedule === undefined || due?.at === undefined) return;
    this.#due = { key: due.key, at: nextReport(this.#config(), now) };
    const { archive, log, send } = this.#options;
    const name = `report-${schedule.every}-${new Date(due.at).toISOString().slice(0, 10)}`;
    try {
      if (archive !== undefined && !(await archive.claim(name))) return;
      const report = this.report(schedule.every);
      for (const format of ['html', 'json', 'markdown'] as const) {
        await archive?.publish(`${name}.${endings[format]}`, renderReport(report, format));
      }
      log.info({ report: name }, 'report: written');
      if (schedule.webhook !== undefined)
        await send(schedule.webhook, { text: reportSummary(report), report });
    } catch (error) {
      log.warn({ err: error }, 'report: cannot be written');
    }
  }

  #config(): Config {
    return this.#options.watch.options.config();
  }
}

const endings = { html: 'html', json: 'json', markdown: 'md' } as const;

/** A report as text of a kind. */
export function renderReport(report: Report, format: ReportFormat): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify(report, undefined, 2)}\n`;
    case 'text':
      return reportText(report);
    case 'markdown':
      return reportMarkdown(report);
    case 'html':
      return reportHtml(report);
    default:
      return format satisfies never;
  }
}

/** When the next report is due; `undefined` without a schedule. */
export function nextReport({ report, ttl }: Config, now: EpochMs): EpochMs | undefined {
  if (report === undefined) return undefined;
  const { every, day, atMinute } = report;
  const weekday = every === 'day' ? '*' : String(weekdays.indexOf(day));
  const pattern = `${atMinute % 60} ${Math.floor(atMinute / 60)} * * ${weekday}`;
  const next = new Cron(pattern, { timezone: ttl.timeZone, paused: true }).nextRun(new Date(now));
  return next === null ? undefined : (next.getTime() as EpochMs);
}
