/**
 * Files as bytes: static assets and downloads, whole, in part (RFC 9110 §14), or not again (304).
 */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { extname, join } from 'node:path';
import { notFoundPage } from './layout.ts';
import type { Reply, Route, Visit } from './visit.ts';

/** Bytes to send, with their fields; `etag` only where there is a strong one. */
export type Bytes = {
  readonly bytes: Buffer;
  readonly modified: Date;
  readonly etag?: string;
  readonly headers: Readonly<Record<string, string>>;
};

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Answers with bytes: 200, 206 for a single range, 304 for a current copy, 416 for a range outside. */
export const sendBytes = (visit: Visit, file: Bytes): Reply => {
  const validators = {
    ...(file.etag === undefined ? {} : { etag: file.etag }),
    'last-modified': file.modified.toUTCString(),
  };
  if (isUnchanged(visit, file)) {
    const cacheControl = file.headers['cache-control'] ?? 'no-cache';
    return { status: 304, headers: { ...validators, 'cache-control': cacheControl }, body: '' };
  }
  const headers = { ...file.headers, ...validators, 'accept-ranges': 'bytes' };
  const range = rangeOf(visit, file);
  if (range === undefined) return { status: 200, headers, body: file.bytes };
  const size = file.bytes.length;
  if (range === 'outside') {
    return { status: 416, headers: { ...headers, 'content-range': `bytes */${size}` }, body: '' };
  }
  const contentRange = `bytes ${range.first}-${range.last}/${size}`;
  const part = file.bytes.subarray(range.first, range.last + 1);
  return { status: 206, headers: { ...headers, 'content-range': contentRange }, body: part };
};

/** The route of everything in `folder`, read once; the query does not matter. */
export const assetRoute = (folder: string): Route => {
  const assets = new Map(readdirSync(folder).map((name) => [name, readAsset(join(folder, name))]));
  return {
    match: 'GET /static/:name',
    access: 'anyone',
    handle: (visit) => {
      const asset = assets.get(visit.params['name'] ?? '');
      return asset === undefined ? notFoundPage(visit) : sendBytes(visit, asset);
    },
  };
};

const readAsset = (path: string): Bytes => {
  const bytes = readFileSync(path);
  return {
    bytes,
    modified: statSync(path).mtime,
    etag: `"${createHash('sha1').update(bytes).digest('hex')}"`,
    headers: {
      'content-type': contentTypes[extname(path)] ?? 'application/octet-stream',
      'cache-control': 'public, max-age=31536000',
    },
  };
};

const isUnchanged = (visit: Visit, file: Bytes): boolean => {
  const given = visit.headers['if-none-match'];
  if (given !== undefined) {
    return (
      file.etag !== undefined && given.split(',').some((tag) => tag.trim().replace(/^W\//, '') === file.etag)
    );
  }
  const since = Date.parse(visit.headers['if-modified-since'] ?? '');
  return Math.floor(file.modified.getTime() / 1000) * 1000 <= since;
};

type Range = { readonly first: number; readonly last: number };

/** The one range asked for; undefined when the whole is to be sent. */
const rangeOf = (visit: Visit, file: Bytes): Range | 'outside' | undefined => {
  const match = /^bytes=(\d*)-(\d*)$/.exec(visit.headers.range ?? '');
  if (match === null || visit.method !== 'GET') return undefined;
  const condition = visit.headers['if-range'];
  if (condition !== undefined && condition !== file.etag && condition !== file.modified.toUTCString())
    return undefined;
  const [, from = '', to = ''] = match;
  const size = file.bytes.length;
  if (from === '') return to === '' ? undefined : clampRange(Math.max(0, size - Number(to)), size - 1, size);
  if (to !== '' && Number(to) < Number(from)) return undefined;
  return clampRange(Number(from), to === '' ? size - 1 : Number(to), size);
};

const clampRange = (first: number, last: number, size: number): Range | 'outside' =>
  first >= size ? 'outside' : { first, last: Math.min(last, size - 1) };
