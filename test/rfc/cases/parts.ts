/** A representation of ten bytes, requested part by part. */

import type { OriginAnswer } from './form.ts';

export const text = '0123456789';
export const tag = 'ETag: "a"';

/** A 206 with these bytes. */
export const partial = (first: number, last: number, ...headers: string[]): OriginAnswer => ({
  status: 206,
  headers: ['Cache-Control: max-age=3600', `Content-Range: bytes ${first}-${last}/10`, ...headers],
  body: text.slice(first, last + 1),
});

export const asking = (range: string, response: OriginAnswer) => ({
  headers: [`Range: ${range}`],
  response,
  expect: { type: 'not_cached' as const, status: 206, asked: { headers: [`Range: ${range}`] } },
});
export const cachedPart = (range: string, body: string) => ({
  headers: [`Range: ${range}`],
  expect: { type: 'cached' as const, status: 206, body },
});
