/** Parses and prints durations, sizes and times of day. Parsing gives `undefined` for invalid text. */

import { type Seconds, seconds } from '../../kit/time.ts';

const secondsPer = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 } as const;

export const durationText = /^(\d{1,12})(ms|s|m|h|d)?$/;
export const sizeText = /^(\d{1,15})([KMGT]i?B|B)?$/;
export const shareText = /^(\d{1,3}(?:\.\d{1,6})?)(%)?$/;
export const timeText = /^(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/;

/** `90` (seconds), `500ms`, `30s`, `5m`, `2h`, `31d`: whole numbers only. */
export function parseDuration(text: string): Seconds | undefined {
  const match = durationText.exec(text);
  if (match === null) return undefined;
  const unit = (match[2] ?? 's') as keyof typeof secondsPer;
  // Divided, not multiplied by 0.001, so that 300ms is exactly 0.3.
  return seconds(unit === 'ms' ? Number(match[1]) / 1000 : Number(match[1]) * secondsPer[unit]);
}

const bytesPer = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
} as const;

/** `512KiB`, `64MiB`, `500MB` (decimal), `800` or `800B` (bytes): whole numbers only. */
export function parseBytes(text: string): number | undefined {
  const match = sizeText.exec(text);
  if (match === null) return undefined;
  const bytes = Number(match[1]) * bytesPer[(match[2] ?? 'B') as keyof typeof bytesPer];
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** `0.1%`, or `0.001`; at most all. */
export function parseShare(text: string): number | undefined {
  const match = shareText.exec(text);
  if (match === null) return undefined;
  const share = match[2] === '%' ? Number(match[1]) / 100 : Number(match[1]);
  return share <= 1 ? share : undefined;
}

/** `09:00`, in minutes since midnight; `24:00`, the midnight at the end of the day, is 0. */
export function parseTimeOfDay(text: string): number | undefined {
  const match = timeText.exec(text);
  return match === null ? undefined : Number(match[1] ?? 0) * 60 + Number(match[2] ?? 0);
}

/** Minutes since midnight as `09:00`. */
export function showTimeOfDay(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}

/** Prints a duration as it is written: `90s`, `5m`, `500ms`. */
export function showDuration(value: Seconds): string {
  if (!Number.isInteger(value)) return `${Math.round(value * 1000)}ms`;
  for (const unit of ['d', 'h', 'm'] as const) {
    if (value > 0 && value % secondsPer[unit] === 0) return `${value / secondsPer[unit]}${unit}`;
  }
  return `${value}s`;
}
