/** The app of `express-app.mjs`, with Koa and koa-session: the session is in the cookie, signed by a second one. */

import { randomUUID } from 'node:crypto';
import { URLSearchParams } from 'node:url';
import Koa from 'koa';
import session from 'koa-session';

const items = new Map();
const app = new Koa();
app.keys = ['for-tests'];
app.use(session(app));

async function bodyOf(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return request.headers['content-type']?.includes('json')
    ? JSON.parse(text)
    : Object.fromEntries(new URLSearchParams(text));
}

app.use(async (context) => {
  const { method, path, session: own } = context;
  const { user } = own;
  const owned = items.get(user) ?? [];
  if (method === 'POST') {
    const body = await bodyOf(context.req);
    if (path === '/login') own.user = body.user;
    if (path === '/items') items.set(user, [...owned, body.text]);
    if (path === '/seen') context.body = { ok: true };
    else context.redirect('/list');
    return;
  }
  const [, id] = /^\/items\/(\d+)$/.exec(path) ?? [];
  if (path === '/about') context.body = '<h1>What we do</h1>';
  else if (user === undefined) context.redirect('/login');
  else if (path === '/list') {
    context.set('Cache-Control', 'no-store');
    context.body = `<h1>${user}</h1>${owned.join()}`;
  } else if (id !== undefined) context.body = `<h1>${user}</h1>${owned[Number(id)] ?? 'none'}`;
  else if (path === '/profile') context.body = `<h1>${user}</h1>`;
  else context.body = randomUUID();
});
const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
