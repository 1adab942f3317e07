/** A small app of Express with express-session: a list for each person, a page for everybody, and a page that is never the same. */

import { randomUUID } from 'node:crypto';
import express from 'express';
import session from 'express-session';

const items = new Map();
const app = express();
app.use(session({ secret: 'for-tests', resave: false, saveUninitialized: false }));
app.use(express.json(), express.urlencoded({ extended: false }));
app.post('/login', (request, response) => {
  request.session.user = request.body.user;
  response.redirect('/list');
});
app.use((request, response, next) => {
  if (request.session.user === undefined && request.path !== '/about') response.redirect('/login');
  else next();
});
app.get('/about', (_, response) => void response.send('<h1>What we do</h1>'));
app.get('/list', ({ session: { user } }, response) => {
  response.set('Cache-Control', 'no-store').send(`<h1>${user}</h1>${(items.get(user) ?? []).join()}`);
});
app.get('/items/:id', ({ session: { user }, params }, response) => {
  response.send(`<h1>${user}</h1>${(items.get(user) ?? [])[Number(params.id)] ?? 'none'}`);
});
app.get('/profile', ({ session: { user } }, response) => void response.send(`<h1>${user}</h1>`));
app.get('/now', (_, response) => void response.send(randomUUID()));
app.post('/items', ({ session: { user }, body }, response) => {
  items.set(user, [...(items.get(user) ?? []), body.text]);
  response.redirect('/list');
});
app.post('/seen', (_, response) => void response.json({ ok: true }));
const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
