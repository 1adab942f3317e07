/**
 * Fastly's purge API over our own purge: by URL, by surrogate key, of everything, and soft. Its clients send the token as
 * `Fastly-Key`. Every service is this proxy, whatever its id.
 */

import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { decodeBytes } from '../policy/key/query-values.ts';
import type { RegisterRoutes } from './api.ts';
import { sendProblem } from './problem-answer.ts';
import type { CarryOut } from './purge.ts';
import { readObject } from './json-body.ts';
import { namesOf, noPurge, type PurgeRequest } from './purge-request.ts';

const config = { access: 'purge' } as const;

/** The routes of Fastly's purge API. */
export function fastlyRoutes(purge: CarryOut): RegisterRoutes {
  return (app) => {
    app.post<{ Params: { key: string } }>('/service/:id/purge/:key', { config }, (request, reply) =>
      request.params.key === ''
        ? sendProblem(reply, { status: 404, detail: 'the key is missing' })
        : answer(purge, { request, reply }, { tags: [request.params.key] }),
    );
    app.post('/service/:id/purge', { config }, (request, reply) => purgeKeys(purge, request, reply));
    app.post('/service/:id/purge_all', { config }, (request, reply) =>
      answer(purge, { request, reply }, { everything: true }),
    );
    app.post('/purge/*', { config }, (request, reply) =>
      answer(purge, { request, reply }, { urls: [`http://${cachedUrl(request.url)}`] }),
    );
  };
}

/** `bodyOf` absent: the answer is an id and our receipt. */
type Exchange = {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly bodyOf?: () => object;
};

async function answer(
  purge: CarryOut,
  { request, reply, bodyOf }: Exchange,
  asked: Partial<PurgeRequest>,
): Promise<FastifyReply> {
  const soft = request.headers['fastly-soft-purge'] === '1';
  const done = await purge(request, { ...noPurge, ...asked, soft });
  if (done.kind === 'bad') return sendProblem(reply, { status: 400, detail: done.detail });
  return reply.send(bodyOf?.() ?? { status: 'ok', id: randomUUID(), ...done.receipt });
}

/** Its answer names an id for each key, and holds nothing else. */
async function purgeKeys(
  purge: CarryOut,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const tags = keysOf(request);
  if (tags === undefined || tags.length === 0) {
    const detail = 'give keys in the field Surrogate-Key, or in {"surrogate_keys": [...]}';
    return sendProblem(reply, { status: 400, detail });
  }
  const bodyOf = (): object => Object.fromEntries(tags.map((tag) => [tag, randomUUID()]));
  return answer(purge, { request, reply, bodyOf }, { tags });
}

/** Those of the field and of the body. */
function keysOf({ headers, body }: FastifyRequest): readonly string[] | undefined {
  const field = headers['surrogate-key'];
  const named = typeof field === 'string' ? decodeBytes(field).split(/[ \t]+/) : [];
  const given = named.flatMap(namesOf);
  // Where the field names keys, an empty body is none.
  if (given.length > 0 && (typeof body !== 'string' || body.trim() === '')) return given;
  const parsed = readObject(body, 'application/json', ['surrogate_keys']);
  const keys = parsed.kind === 'ok' ? parsed.fields['surrogate_keys'] : undefined;
  if (!Array.isArray(keys)) return undefined;
  const isEach = keys.every((key) => typeof key === 'string' && key.trim() !== '');
  return isEach ? [...given, ...(keys as string[])] : undefined;
}

/** Host, path and query; its own client escapes the slashes as well. */
function cachedUrl(url: string): string {
  const rest = url.slice('/purge/'.length);
  return /^[^/?]*%2f/i.test(rest) ? decoded(rest) : rest;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not UTF-8: purging refuses what is no URL.
    return text;
  }
}
