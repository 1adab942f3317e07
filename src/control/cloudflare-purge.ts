/**
 * Cloudflare's purge API over our own purge: files, tags, hosts, prefixes, everything; with and without the prefix of its
 * address. Every zone is this proxy, whatever its id.
 */

import { randomUUID } from 'node:crypto';
import { canonicalAuthority } from '../http/authority.ts';
import type { RegisterRoutes } from './api.ts';
import type { CarryOut } from './purge.ts';
import { bad, readObject } from './json-body.ts';
import { noPurge, type ReadPurge } from './purge-request.ts';

/** The routes of Cloudflare's purge API. */
export function cloudflareRoutes(purge: CarryOut): RegisterRoutes {
  return (app) => {
    for (const prefix of ['', '/client/v4']) {
      app.post(`${prefix}/zones/:id/purge_cache`, { config: { access: 'purge' } }, async (request, reply) => {
        const read = readCloudflare(request.body);
        const done = read.kind === 'bad' ? read : await purge(request, read.request);
        if (done.kind === 'purged') return reply.send(envelope({ id: randomUUID(), ...done.receipt }));
        return reply.code(400).send(envelope(null, done.detail));
      });
    }
  };
}

/** 1012 is Cloudflare's code for a request that selects nothing it can purge. */
const envelope = (result: object | null, problem?: string): object => ({
  success: problem === undefined,
  errors: problem === undefined ? [] : [{ code: 1012, message: problem }],
  messages: [],
  result,
});

const known = ['files', 'tags', 'hosts', 'prefixes', 'purge_everything'];

/** Reads the body as strictly as our own: what is not understood must not purge less than was meant. */
function readCloudflare(body: unknown): ReadPurge {
  const parsed = readObject(body, 'application/json', known);
  if (parsed.kind === 'bad') return parsed;
  const { fields } = parsed;
  const lists = ['files', 'tags', 'hosts', 'prefixes'].map((name) => textsOf(fields[name]));
  if (lists.includes(undefined))
    return bad('files, tags, hosts and prefixes must be lists of texts that are not empty');
  const everything = fields['purge_everything'];
  if (everything !== undefined && typeof everything !== 'boolean')
    return bad('purge_everything must be true');
  const [urls = [], tags = [], hosts = [], prefixes = []] = lists;
  const isNothing = everything !== true && urls.length + tags.length + hosts.length + prefixes.length === 0;
  if (isNothing) return bad(`nothing selected: give one of ${known.join(', ')}`);
  const notHost = hosts.find((host) => canonicalAuthority(host, 'https') === undefined);
  if (notHost !== undefined) return bad(`${JSON.stringify(notHost.slice(0, 100))} is not a host name`);
  const starts = [...hosts.map((host) => `http://${host}/`), ...prefixes.map(withScheme)];
  return {
    kind: 'ok',
    request: { ...noPurge, urls, tags, prefixes: starts, everything: everything === true },
  };
}

/** A file may be `{ url, headers }`: all variants of the URL are purged. */
function textsOf(list: unknown): string[] | undefined {
  if (list === undefined) return [];
  if (!Array.isArray(list)) return undefined;
  const texts = (list as unknown[]).map((item) =>
    typeof item === 'object' && item !== null && 'url' in item ? item.url : item,
  );
  return texts.every((text) => typeof text === 'string' && text.trim() !== '')
    ? (texts as string[])
    : undefined;
}

/** `www.example.com/foo`: a prefix has no scheme at Cloudflare, and means both. */
const withScheme = (prefix: string): string => (/^https?:\/\//i.test(prefix) ? prefix : `http://${prefix}`);
