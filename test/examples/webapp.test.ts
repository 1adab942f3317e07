/** The sample app on its own, over real sockets: what a proxy in front of it can rely on. */
import t from 'tap';
import { createHmac } from 'node:crypto';
import type { Counters } from '../../examples/webapp/database.ts';
import { startSampleApp } from './sample-app.ts';
import { Visitor } from './visitor.ts';

const secret = 'a secret for this test';
const clock = {
  ms: Date.parse('2025-10-22T12:00:00Z'),
  now() {
    return this.ms;
  },
};
const errors: unknown[] = [];
const app = await startSampleApp({
  secret,
  clock,
  onError: (error) => errors.push(error),
});
t.teardown(() => app.close());

const memberNamed = async (username: string): Promise<Visitor> => {
  const visitor = new Visitor(app.url);
  await visitor.logIn(username);
  return visitor;
};

const segmentOf = (visitor: Visitor) => visitor.cookie?.split(/(?<=[\w-])\./)[0];
const demo = await memberNamed('demo');
const maya = await memberNamed('maya');

const memberPaths = [
  ...[
    '/files',
    '/file/1',
    '/md/1',
    '/edit/1',
    '/new',
    '/search?q=retry',
    '/bookmarks',
    '/settings',
    '/download/1',
  ],
  ...[
    '/api/files',
    '/api/files/1',
    '/api/stats',
    '/api/search?q=retry',
    '/api/bookmarks',
    '/api/tags',
    '/api/settings',
  ],
];
const publicPaths = [
  '/',
  '/login',
  '/api/public_stats',
  '/healthz',
  '/__db',
  '/static/style.css',
  '/static/app.js',
];

t.test(
  'every answer to a member renews the cookie and keeps its payload; every answer varies by cookie',
  async (t) => {
    const segment = segmentOf(demo);
    for (const path of [...memberPaths, ...publicPaths, '/nowhere', '/file/999999']) {
      clock.ms += 1000;
      const before = demo.cookie;
      const response = await demo.ask(path);
      t.equal(response.status, /nowhere|999999/.test(path) ? 404 : 200, path);
      t.equal(response.headers.get('vary'), 'Cookie', path);
      t.not(demo.cookie, before, `${path} renews`);
      t.equal(segmentOf(demo), segment, `${path} keeps the payload`);
      t.equal(response.headers.get('x-user-tier'), 'regular', path);
    }
    t.equal((await maya.ask('/api/tags')).headers.get('x-user-tier'), 'premium');
  },
);

t.test(
  'anonymous visitors see public pages, get no cookie, and are sent to the login for the rest',
  async (t) => {
    const visitor = new Visitor(app.url);
    for (const path of [...publicPaths, ...memberPaths]) {
      const response = await visitor.ask(path);
      t.equal(response.headers.get('vary'), 'Cookie', path);
      t.same(response.headers.getSetCookie(), [], path);
      const denied = path.startsWith('/api/') ? 401 : 302;
      t.equal(response.status, publicPaths.includes(path) ? 200 : denied, path);
    }
    const response = await visitor.ask('/files?page=2');
    t.equal(response.headers.get('location'), '/login?next=%2Ffiles%3Fpage%3D2');
  },
);

t.test('a forged cookie is silently anonymous', async (t) => {
  const payload = Buffer.from('{"_permanent":true,"user_id":1}').toString('base64url');
  const timestamp = Buffer.from(Math.floor(clock.ms / 1000).toString(16), 'hex').toString('base64url');
  const signature = createHmac('sha1', 'guessed').update(`${payload}.${timestamp}`).digest('base64url');
  const forger = new Visitor(app.url);
  forger.cookie = `session=${payload}.${timestamp}.${signature}`;
  const response = await forger.ask('/files');
  t.equal(response.status, 302);
  t.same(response.headers.getSetCookie(), []);
  t.equal((await forger.ask('/')).status, 200);
});

t.test('a login shows its message once; the message changes the session, and so does its end', async (t) => {
  const visitor = new Visitor(app.url);
  const refused = await visitor.post('/login', { username: 'demo', password: 'wrong' });
  t.equal(refused.status, 200);
  t.match(refused.content, 'wrong password');
  const login = await visitor.post('/login?next=//elsewhere.example', { username: 'demo', password: 'demo' });
  t.equal(login.headers.get('location'), '/files', 'a target elsewhere is not followed');
  const withMessage = segmentOf(visitor);
  t.match((await visitor.ask('/file/1')).content, 'Welcome, Dana.');
  t.not(segmentOf(visitor), withMessage);
  t.notMatch((await visitor.ask('/file/1')).content, 'Welcome, Dana.');
  const logout = await visitor.ask('/logout');
  t.equal(logout.headers.get('location'), '/');
  t.equal(visitor.cookie, undefined);
  t.equal((await visitor.ask('/api/stats')).status, 401);
});

t.test(
  'pages are sent as no-store unless they have an ETag; JSON says nothing; downloads say too much',
  async (t) => {
    const noStore = 'no-cache, no-store, must-revalidate';
    for (const path of ['/', '/files', '/settings', '/login', '/nowhere']) {
      const { headers } = await demo.ask(path);
      t.equal(headers.get('cache-control'), noStore, path);
      t.equal(headers.get('pragma'), 'no-cache', path);
      t.equal(headers.get('expires'), '0', path);
    }
    t.equal((await demo.ask('/api/files')).headers.get('cache-control'), null);
    t.equal((await demo.ask('/download/1')).headers.get('cache-control'), 'public, max-age=31536000');
    const asset = await demo.ask('/static/style.css?v=1', { headers: { range: 'bytes=0-4' } });
    t.equal(asset.status, 206);
    t.equal(asset.content, ':root');
    t.match(asset.headers.get('etag'), /^"/);
    t.equal(asset.headers.get('cache-control'), 'public, max-age=31536000');
  },
);

t.test(
  'a file has validators; only its exact ETag, or a date that is not older, gets a bare 304',
  async (t) => {
    for (const path of ['/file/2', '/md/1']) {
      const { headers } = await demo.ask(path);
      const etag = headers.get('etag') ?? '';
      t.match(etag, /^W\/"/);
      t.equal(headers.get('cache-control'), 'private, max-age=0, must-revalidate');
      t.equal(headers.get('x-is-favorite'), String(path === '/file/2'));
      const conditional = async (fields: Record<string, string>) =>
        (await demo.ask(path, { headers: fields })).status;
      t.equal(await conditional({ 'if-none-match': etag }), 304);
      t.equal(await conditional({ 'if-none-match': `"other", ${etag}` }), 200, 'a list is not understood');
      t.equal(await conditional({ 'if-none-match': etag.slice(2) }), 200, 'nor is the strong form');
      const modified = headers.get('last-modified') ?? '';
      t.equal(await conditional({ 'if-modified-since': modified }), 304);
      const earlier = new Date(Date.parse(modified) - 1000).toUTCString();
      t.equal(await conditional({ 'if-modified-since': earlier }), 200);
      const bare = (await demo.ask(path, { headers: { 'if-none-match': etag } })).headers;
      t.equal(bare.get('etag'), null);
      t.match(bare.get('cache-control'), 'no-store');
    }
  },
);

t.test('Markdown is rendered, and HTML in it is shown as text', async (t) => {
  t.match((await demo.ask('/md/1')).content, /<h1>Welcome<\/h1>[^]*<table>/);
  const content =
    '<script>alert(1)</script>\n\n[a](&#106;avascript:alert(1)) ![b](data:text/html,x) [c](/file/1)';
  const { headers } = await demo.send('POST', '/api/files', {
    name: '<b>x</b>',
    language: 'markdown',
    content,
  });
  const id = headers.get('location')?.replace('/api/files/', '') ?? '';
  const page = (await demo.ask(`/md/${id}`)).content;
  t.match(page, '&lt;script&gt;');
  t.match(page, '&lt;b&gt;x&lt;/b&gt;');
  t.notMatch(page, /<script>|avascript:|data:/);
  t.match(page, '<a href="/file/1">c</a>');
});

t.test('lists are filtered, sorted and cut into pages', async (t) => {
  type Listed = { files: { language: string; tags: string[]; name: string }[]; total: number; pages: number };
  const list = async (query: string) => (await demo.json(`/api/files?${query}`)) as unknown as Listed;
  const python = await list('language=python&sort_by=name&per_page=5');
  t.equal(python.files.length, 5);
  t.equal(python.pages, Math.ceil(python.total / 5));
  t.ok(python.files.every((file) => file.language === 'python'));
  const names = python.files.map((file) => file.name.toLowerCase());
  t.same(names, [...names].sort());
  t.notSame((await list('language=python&sort_by=name&per_page=5&page=2')).files, python.files);
  const tagged = await list('tags=api,scripts');
  t.ok(
    tagged.total > 0 &&
      tagged.files.every((file) => file.tags.includes('api') && file.tags.includes('scripts')),
  );
  t.equal((await demo.ask('/files?page=abc&per_page=-1&sort_by=drop&language=%00')).status, 200);
});

t.test('JSON writes change what they say, for their owner only', async (t) => {
  const total = async () => (await demo.json('/api/stats'))['total_files'] as number;
  const before = await total();
  const created = await demo.send('POST', '/api/files', {
    name: 'new.txt',
    content: 'hello needle',
    tags: ['fresh'],
  });
  t.equal(created.status, 201);
  const path = created.headers.get('location') ?? '';
  const id = path.replace('/api/files/', '');
  t.equal(await total(), before + 1);
  t.match(await demo.json('/api/search?q=hello needle'), { total: 1 });
  t.match((await demo.ask('/api/tags')).content, '{"tag":"fresh","files":1}');
  t.equal((await demo.send('PATCH', path, { content: 'bye' })).status, 200);
  t.equal((await demo.send('PUT', path, { content: 'bye' })).status, 400, 'PUT wants the whole');
  t.match(await demo.json(path), { file: { name: 'new.txt', content: 'bye', size: 3 } });
  t.match((await demo.send('POST', `/api/favorite/toggle/${id}`)).content, '"is_favorite":true');
  t.equal((await demo.ask(`/file/${id}`)).headers.get('x-is-favorite'), 'true');
  t.match((await demo.send('POST', `/api/bookmarks/toggle/${id}`)).content, '"bookmarked":true');
  t.match((await demo.ask('/bookmarks')).content, 'new.txt');
  for (const other of [`/file/${id}`, `/md/${id}`, `/edit/${id}`, `/download/${id}`, path]) {
    t.equal((await maya.ask(other)).status, 404, `${other} of someone else`);
  }
  for (const [method, other] of [
    ['PUT', path],
    ['PATCH', path],
    ['DELETE', path],
    ['POST', `/api/favorite/toggle/${id}`],
  ]) {
    t.equal((await maya.send(method ?? '', other ?? '', { name: 'mine', content: 'mine' })).status, 404);
  }
  t.equal((await demo.send('DELETE', path)).status, 200);
  t.equal((await demo.send('DELETE', path)).status, 404);
  t.equal(await total(), before);
});

t.test('forms lead to the page that shows the change, with a message', async (t) => {
  const fields = { name: 'a', language: 'text', content: 'one\r\ntwo', tags: 'x, y' };
  const { headers, status } = await demo.post('/new', fields);
  t.equal(status, 303);
  const file = headers.get('location') ?? '';
  const page = (await demo.ask(file)).content;
  t.match(page, /Saved\.[^]*one\ntwo/);
  const id = file.replace('/file/', '');
  const edit = await demo.post(`/edit/${id}`, { name: 'b', language: 'text', content: '\nedited' });
  t.equal(edit.headers.get('location'), file);
  t.match((await demo.ask(`/edit/${id}`)).content, '>\n\nedited</textarea>');
  for (const action of ['favorite', 'bookmark', 'delete'])
    t.equal((await demo.post(`/${action}/${id}`)).status, 303);
  t.equal((await demo.ask(file)).status, 404);
  t.equal((await demo.post('/settings', { theme: 'dark', per_page: '7', sort_by: 'name' })).status, 303);
  t.match((await demo.ask('/files')).content, 'data-theme="dark"');
  t.match(await demo.json('/api/files'), { per_page: 7 });
  t.equal((await demo.send('PUT', '/api/settings', { theme: 'auto', per_page: 20 })).status, 200);
  t.equal((await demo.send('PUT', '/api/settings', { theme: 'pink' })).status, 400);
});

t.test('bad requests are refused in words', async (t) => {
  const headers = { 'content-type': 'application/json' };
  t.equal((await demo.ask('/api/files', { method: 'POST', headers, body: '{' })).status, 400);
  t.equal((await demo.ask('/api/files', { method: 'POST', headers, body: '[]' })).status, 400);
  t.equal((await demo.ask('/api/files', { method: 'POST', body: 'text' })).status, 400);
  t.equal(
    (await demo.send('POST', '/api/files', { name: 'x', content: 'y'.repeat(1024 * 1024) })).status,
    413,
  );
  t.equal((await demo.ask('/%zz')).status, 404);
  const other = await demo.ask('/api/stats', { method: 'DELETE' });
  t.equal(other.status, 405);
  t.equal(other.headers.get('allow'), 'GET');
  t.same(errors, [], 'nothing of this was an error of the app');
});

t.test('the cost of every page is counted and shown', async (t) => {
  const costOf = async () => ((await demo.json('/__db')) as unknown as Counters).routes['GET /files'];
  const before = await costOf();
  const page = (await demo.ask('/files')).content;
  const [, queries] = /data-queries="(\d+)"/.exec(page) ?? [];
  t.ok(Number(queries) >= 4, 'a list is more than one query');
  const after = await costOf();
  t.equal(after?.requests, (before?.requests ?? 0) + 1);
  t.equal(after?.queries, (before?.queries ?? 0) + Number(queries));
  t.match(page, `datetime="${new Date(clock.ms).toISOString()}"`);
  t.match((await demo.ask('/__db', { headers: { accept: 'text/html' } })).content, '<td>GET /files</td>');
  t.equal(app.database().routes['GET /files']?.requests, after?.requests);
});
