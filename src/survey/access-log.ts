/**
 * Reads a line of an access log: combined or common, JSON as nginx, Caddy, HAProxy, ECS and shelflife write it, or of a traffic
 * record.
 */

import { epochMs } from '../kit/time.ts';
import { readRecord, type TrafficRecord } from './traffic-record.ts';

type Json = Readonly<Record<string, unknown>>;

/** The exchange that a line tells of; `undefined`: it tells of none. */
export function readLogLine(line: string): TrafficRecord | undefined {
  const text = line.trim();
  if (!text.startsWith('{')) return combined(text);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    return readRecord(value as Json) ?? fromJson(value as Json);
  } catch {
    // Cut off, or another format that begins with a brace.
    return undefined;
  }
}

const combinedLine = /\[([^[\]]+)\] "([A-Z]+) (\S+)(?: HTTP\/[\d.]+)?" (\d{3}) (\d+|-)/;

function combined(text: string): TrafficRecord | undefined {
  const [, time = '', method = '', target = '', status = '', bytes = ''] = combinedLine.exec(text) ?? [];
  // 30/Nov/2026:17:26:10 +0000
  const at = Date.parse(time.replace(/^(\d+)\/(\w+)\/(\d+):/, '$1 $2 $3 '));
  return exchange({ at, method, target, status: Number(status), bytes: Number(bytes) });
}

/** Where each server has what, the first that is there counts. Dots lead inwards. */
const names = {
  at: ['@timestamp', 'time_iso8601', 'timestamp', 'time', 'ts', 'time_local', 'date', 'msec', 'accept_date'],
  method: ['http.request.method', 'request.method', 'request_method', 'http_method', 'method'],
  target: [
    'url.original',
    'request.uri',
    'request_uri',
    'http_uri',
    'uri',
    'target',
    'url.path',
    'path',
    'url',
  ],
  status: ['http.response.status_code', 'status_code', 'http_status', 'status', 'response.status'],
  bytes: ['http.response.body.bytes', 'body_bytes_sent', 'bytes_sent', 'bytes_read', 'size', 'bytes'],
} as const;

function fromJson(line: Json): TrafficRecord | undefined {
  const of = (name: keyof typeof names): unknown =>
    names[name]
      .map((path) => valueAt(line, path))
      .find((value) => typeof value === 'string' || typeof value === 'number');
  const [, first = '', second = ''] =
    /^"?([A-Z]+) (\S+)/.exec(textOf(line['request'] ?? line['http_request'])) ?? [];
  return exchange({
    at: timeOf(of('at')),
    method: textOf(of('method') ?? first),
    target: textOf(of('target') ?? second),
    status: Number(of('status')),
    bytes: Number(of('bytes') ?? 0),
  });
}

function valueAt(line: Json, path: string): unknown {
  if (path in line) return line[path];
  return path.split('.').reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), line);
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Seconds, milliseconds, microseconds or nanoseconds since 1970, or a date. */
function timeOf(value: unknown): number {
  let number = typeof value === 'number' ? value : Number(value);
  if (number < 1e11) return number * 1000;
  while (number >= 1e14 && number < 1e20) number /= 1000;
  if (!Number.isNaN(number)) return number;
  return Date.parse(textOf(value).replace(/^(\d+)\/(\w+)\/(\d+):/, '$1 $2 $3 '));
}

type Read = {
  readonly at: number;
  readonly method: string;
  readonly target: string;
  readonly status: number;
  readonly bytes: number;
};

/** ECMAScript's dates end here. */
const lastInstant = 8.64e15;

/** Some logs have the whole URL as the target. */
function exchange({ at, method, target, status, bytes }: Read): TrafficRecord | undefined {
  const path = target.replace(/^https?:\/\/[^/?#]+/i, '');
  const isWhole = /^[A-Z]+$/.test(method) && /^\/[\x21-\x7e]*$/.test(path) && status >= 100 && status <= 599;
  if (!isWhole || !(Math.abs(at) <= lastInstant)) return undefined;
  return { at: epochMs(at), method, target: path, status, bytes: Number.isNaN(bytes) ? 0 : bytes };
}
