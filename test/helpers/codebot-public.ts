/** The public pages of CodeBot's stand-in, and private ones that claim to be public. */

import { type Answer, type Asked, json, notFound, page } from './codebot-answer.ts';
import type { CodeFile } from './codebot-model.ts';

type Handler = (asked: Asked, user: number) => Answer;

export const privateFile = {
  'Cache-Control': 'public, max-age=31536000',
  Expires: 'Thu, 01 Jan 2099 00:00:00 GMT',
};

export const fileData = ({ id, name, version, favorite, updatedMs }: CodeFile) => ({
  id,
  name,
  version,
  favorite,
  updated_at: updatedMs,
});

export const shared = (asked: Asked) =>
  asked.model.collections.find(({ token }) => token !== undefined && token === asked.params['token']);
export const sharedData: Handler = (asked) => {
  const found = shared(asked);
  if (found === undefined) return json({ ok: false }, 404);
  const files = asked.model.listOf(found.owner).filter(({ name }) => found.names.includes(name));
  return json({ ok: true, name: found.name, files: files.map(fileData) });
};

export const shareLink: Handler = (asked) => {
  const { model, params, nowMs } = asked;
  const share = model.shares.find(({ token, expiresMs }) => token === params['token'] && expiresMs > nowMs);
  if (share === undefined) return notFound(asked);
  const isStyled = asked.path.startsWith('/shared/styled/');
  const answer = page(asked, share.name, share.text);
  const effect = (): void => {
    share.views += 1;
  };
  return {
    ...answer,
    effect,
    fields: isStyled ? { ...answer.fields, 'Cache-Control': 'public, max-age=3600' } : answer.fields,
  };
};

export const download: Handler = (asked, user) => {
  const file = asked.model.fileOf(user, asked.params['id'] ?? '');
  if (file === undefined) return notFound(asked);
  return {
    status: 200,
    body: file.text,
    fields: { 'Content-Type': 'text/plain; charset=utf-8', ...privateFile },
  };
};

export const library: Handler = ({ model }) => {
  const approved = model.snippets.filter(({ approved: isApproved }) => isApproved);
  return json({ ok: true, items: approved.map(({ title }) => title) });
};

export const publicStats: Handler = ({ model, nowMs }) =>
  model.isDatabaseDown
    ? json({ ok: false, total_files: 0 })
    : json({ ok: true, total_files: model.files.length, timestamp: Math.floor(nowMs / 1000) });
