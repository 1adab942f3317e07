/**
 * Gathers and saves hours, makes a report on demand, and publishes one when it is due.
 *
 * Promises: a report covers every instance whose hours are in the archive, or says that it does not. One instance publishes
 * it. Nothing here rejects, and no request waits for it.
 */

import type { Logger } from 'pino';
import type { Config } from '../../config/config.ts';
import { weekdays } from '../../config/config.ts';
import { epochMs, type EpochMs, runAfter, type Seconds } from '../../kit/time.ts';
import { nextTime } from '../../kit/time-of-day.ts';
import type { HourArchive } from './hour-archive.ts';
import { buildReport, type Period, type Report, spanOf } from './report.ts';
import { reportHtml } from './report-html.ts';
import { reportMarkdown, reportSummary, reportText } from './report-text.ts';
import { type Hour, hourMs, Rollup, sumHours } from '../count/rollup.ts';
import type { Watch } from '../count/watch.ts';
import type { Point } from '../count/window.ts';

export type ReportFormat = 'json' | 'text' | 'markdown' | 'html';

export type DeskOptions = {
  readonly watch: Watch;
  /** Absent: hours are kept in memory only. */
  readonly archive: HourArchive | undefined;
  readonly log: Logger;
  readonly send: (url: string, body: { readonly text: string; readonly report: Report }) => Promise<void>;
};

const collectEveryMs = 10_000;

/** Gathers hours and writes reports. */
export class ReportDesk {
  readonly #options: DeskOptions;
  readonly #rollup: Rollup;
  #collectedAt = 0;
  #savedAt: number;
  #saving: Promise<void> | undefined;
  #publishing: Promise<void> | undefined;
  #due: { readonly key: string; readonly at: EpochMs | undefined } | undefined;
  readonly #closing = Promise.withResolvers<undefined>();

  constructor(options: DeskOptions) {
    const { watch } = options;
    this.#options = options;
    this.#rollup = new Rollup(watch.counters, watch.now());
    this.#savedAt = watch.startedAt;
    this.#isDue(watch.startedAt);
  }

  /** Called at every tick. */
  tick(point: Point): void {
    if (point.at - this.#collectedAt < collectEveryMs && !this.#isDue(point.at)) return;
    this.#collectedAt = point.at;
    this.#rollup.collect(point);
    const { archive } = this.#options;
    const isTime = archive !== undefined && point.at - this.#savedAt >= archive.saveEvery * 1000;
    if (isTime && this.#saving === undefined) {
      this.#savedAt = point.at;
      void this.#save();
    }
    if (this.#isDue(point.at)) this.#publishing = this.#publish(point.at);
  }

  /** The report of the period up to `now`, over all instances. */
  async report(period: Period, until?: EpochMs): Promise<Report> {
    const now = until ?? this.#options.watch.now().at;
    const { before, end } = spanOf(period, now);
    const { hours, complete } = await this.hours(before, end);
    const advice = this.#options.watch.options.advised?.() ?? [];
    return buildReport(hours, { period, now, complete, advice });
  }

  /** The hours that began in [`from`, `to`), of all instances; `complete: false`: of this one only. */
  async hours(from: EpochMs, to: EpochMs): Promise<{ readonly hours: Hour[]; readonly complete: boolean }> {
    this.#rollup.collect(this.#options.watch.now());
    const own = this.#rollup.hours();
    const others = await this.#others(from, to);
    const hours = sumHours([...(others ?? []), ...own]).filter(({ hour }) => hour >= from && hour < to);
    return { hours, complete: others !== undefined };
  }

  /** The same in a text format. */
  async render(period: Period, format: ReportFormat): Promise<string> {
    return renderReport(await this.report(period), format);
  }

  /** Saves the hours and finishes a report that is being written. */
  async close(): Promise<void> {
    this.#closing.resolve(undefined);
    await this.#publishing;
    this.#rollup.collect(this.#options.watch.now());
    await this.#save();
  }

  /** What other processes counted; `undefined`: cannot be read. */
  async #others(from: EpochMs, to: EpochMs): Promise<readonly Hour[] | undefined> {
    const { archive, log } = this.#options;
    try {
      return (await archive?.others(from, to)) ?? [];
    } catch (error) {
      log.warn({ err: error }, 'report: cannot read the hours of other instances');
      return undefined;
    }
  }

  /** One at a time: the newest must be written last. */
  #save(): Promise<void> {
    const saving = (this.#saving ?? Promise.resolve()).then(() => this.#saveNow());
    this.#saving = saving;
    return saving.finally(() => {
      if (this.#saving === saving) this.#saving = undefined;
    });
  }

  async #saveNow(): Promise<void> {
    const { archive, log } = this.#options;
    try {
      await archive?.save(this.#rollup.hours());
    } catch (error) {
      log.warn({ err: error }, 'report: cannot save the hours; will try again');
    }
  }

  /** Whether the next report is due. A changed schedule counts from the moment it is noticed. */
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
    const name = `report-${schedule.every}-${dateIn(this.#config().ttl.timeZone, due.at)}`;
    await this.#save();
    if (!(await this.#isOurs(name))) return;
    if (archive !== undefined) await this.#waited(archive.settling);
    // Full hours only: the next report begins where this one ends.
    const report = await this.report(schedule.every, epochMs(Math.floor(due.at / hourMs) * hourMs));
    await this.#write(name, report);
    log.info({ report: name, summary: reportSummary(report) }, 'report: written');
    // It retries for a while and never rejects; a stopping proxy does not wait for it.
    if (schedule.webhook !== undefined) void send(schedule.webhook, { text: reportSummary(report), report });
  }

  /** Whether this instance publishes. Two reports are better than none. */
  async #isOurs(name: string): Promise<boolean> {
    const { archive, log } = this.#options;
    try {
      return (await archive?.claim(name)) ?? true;
    } catch (error) {
      log.warn({ err: error }, 'report: cannot claim the publication');
      return true;
    }
  }

  async #write(name: string, report: Report): Promise<void> {
    const { archive, log } = this.#options;
    try {
      for (const format of ['html', 'json', 'markdown'] as const)
        await archive?.publish(`${name}.${endings[format]}`, renderReport(report, format));
    } catch (error) {
      log.warn({ err: error }, 'report: cannot write to the folder');
    }
  }

  /** Resolves after the pause, or at once when this is closed. */
  async #waited(pause: Seconds): Promise<void> {
    let cancel = (): void => undefined;
    const passed = new Promise<void>((resolve) => {
      cancel = runAfter(pause, resolve);
    });
    await Promise.race([passed, this.#closing.promise]);
    cancel();
  }

  #config(): Config {
    return this.#options.watch.options.config();
  }
}

const endings = { html: 'html', json: 'json', markdown: 'md' } as const;

/** A report in a text format. */
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

/** The local date, `2026-03-29`: two reports a day apart differ, whatever daylight saving does. */
const dateIn = (timeZone: string, at: EpochMs): string =>
  new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(at);

/** When the next report is due; `undefined` without a schedule. */
export function nextReport({ report, ttl }: Config, now: EpochMs): EpochMs | undefined {
  if (report === undefined) return undefined;
  const { every, day, atMinute } = report;
  const weekday = every === 'day' ? undefined : weekdays.indexOf(day);
  return nextTime({ minute: atMinute, weekday, timeZone: ttl.timeZone }, now);
}
