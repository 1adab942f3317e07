/** The app of `express-app.mjs`, with hapi and yar. */

import { randomUUID } from 'node:crypto';
import Hapi from '@hapi/hapi';
import Yar from '@hapi/yar';

const items = new Map();
const server = Hapi.server({ port: 0, host: '127.0.0.1' });
await server.register({
  plugin: Yar,
  options: {
    storeBlank: false,
    cookieOptions: { password: 'for-tests-of-at-least-32-characters', isSecure: false },
  },
});
const page = (path, contentOf) => ({
  method: 'GET',
  path,
  handler: (request, h) => {
    const user = request.yar.get('user');
    if (user === null && path !== '/about') return h.redirect('/login');
    return contentOf(user, items.get(user) ?? [], request);
  },
});
server.route([
  page('/about', () => '<h1>What we do</h1>'),
  page('/list', (user, own) => `<h1>${user}</h1>${own.join()}`),
  page('/items/{id}', (user, own, { params }) => `<h1>${user}</h1>${own[Number(params.id)] ?? 'none'}`),
  page('/profile', (user) => `<h1>${user}</h1>`),
  page('/now', () => randomUUID()),
  {
    method: 'POST',
    path: '/login',
    handler: (request, h) => {
      request.yar.set('user', request.payload.user);
      return h.redirect('/list');
    },
  },
  {
    method: 'POST',
    path: '/items',
    handler: (request, h) => {
      const user = request.yar.get('user');
      items.set(user, [...(items.get(user) ?? []), request.payload.text]);
      return h.redirect('/list');
    },
  },
  { method: 'POST', path: '/seen', handler: () => ({ ok: true }) },
]);
await server.start();
console.log(server.info.port);
