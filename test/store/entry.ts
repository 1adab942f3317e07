/** Stored responses for tests: a valid one, and variations. */
import { hash } from 'node:crypto';
import { epochMs, seconds } from '../../src/kit/time.ts';
import type { CacheKey } from '../../src/policy/key/cache-key.ts';
import { type Tag, toTag } from '../../src/policy/rules/tags.ts';
import type { Entry } from '../../src/store/store.ts';

/** The key of a name. */
export const keyOf = (name: string): CacheKey => hash('sha256', name, 'hex') as CacheKey;

export const tagsOf = (...names: string[]): Tag[] => names.map((name) => toTag(name));

/** When the stored responses of tests were received. */
export const storedAt = epochMs(1_750_000_000_000);

/** A public page of `name`, an hour fresh. */
export const entryBut = (change: Partial<Entry> = {}, name = 'page'): Entry => ({
  key: keyOf(name),
  variant: 'only',
  selection: { names: [], values: [], contentEncoding: null, contentLanguage: null },
  status: 200,
  fields: ['Content-Type', 'text/html', 'ETag', '"1"'],
  body: Buffer.from(`<p>${name}</p>`),
  coding: undefined,
  part: undefined,
  policy: {
    lifetime: seconds(3600),
    initialAge: seconds(0),
    responseTime: storedAt,
    noCache: false,
    mustRevalidate: false,
    immutable: false,
    staleWhileRevalidate: seconds(0),
    staleIfError: seconds(0),
    staleIfDisconnected: seconds(0),
  },
  basis: { rule: 'rule', lifetime: seconds(3600), isExplicit: false, windows: {}, held: {} },
  requestTime: storedAt,
  responseTime: storedAt,
  asOf: { log: 'log', seq: 0 },
  tags: tagsOf('type:page', `url:/${name}`),
  target: `/${name}`,
  host: 'example.org',
  contentType: 'page',
  partition: 'public',
  originSeconds: seconds(0.1),
  ...change,
});
