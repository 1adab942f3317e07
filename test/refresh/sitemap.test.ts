import t from 'tap';
import { readSitemap, type Sitemap } from '../../src/refresh/sitemap.ts';
import { processorTime } from '../helpers/stopwatch.ts';

const isOwn = (host: string): boolean => host === 'www.example.org';
const read = (text: string): Promise<Sitemap> => readSitemap([text], isOwn);

t.test('a sitemap lists paths of the own site only', async (t) => {
  const text = `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
    <url><loc>https://www.example.org/a?x=1&amp;y=2</loc><priority>0.8</priority></url>
    <url><loc> https://www.example.org/b </loc></url>
    <url><loc><![CDATA[https://www.example.org/c]]></loc></url>
    <url><loc>https://elsewhere.example/d</loc></url>
    <url><loc>file:///etc/passwd</loc></url>
    <url><loc>http://www.example.org@elsewhere.example/e</loc></url>
    <url><loc>nonsense</loc></url></urlset>`;
  t.strictSame(await read(text), { pages: ['/a?x=1&y=2', '/b', '/c'], sitemaps: [], skipped: 4 });
});

t.test('an index lists sitemaps', async (t) => {
  const text = `<s:sitemapindex xmlns:s="x"><s:sitemap><s:loc>https://www.example.org/s1.xml.gz</s:loc></s:sitemap></s:sitemapindex>`;
  t.strictSame(await read(text), { pages: [], sitemaps: ['/s1.xml.gz'], skipped: 0 });
});

t.test('a document that is not a sitemap lists nothing, quickly', async (t) => {
  t.strictSame(await read('<html>not found</html>'), { pages: [], sitemaps: [], skipped: 0 });
  const spentMs = processorTime();
  await read('<loc>'.repeat(200_000));
  await read(`<loc><![CDATA[${'<'.repeat(200_000)}`);
  t.ok(spentMs() < 1000);
});

t.test('at most fifty thousand pages are listed', async (t) => {
  const text = '<url><loc>https://www.example.org/a</loc></url>'.repeat(60_000);
  t.equal((await read(text)).pages.length, 50_000);
});

t.test('character references and stray ampersands are decoded as intended', async (t) => {
  const locs = ['/a?x=1&#38;y=2', '/&#x5d0;', '/b?x=1&y=2', '/c?x=1&y', '/d?q=&copy;&lt;'];
  const text = locs.map((path) => `<url><loc>https://www.example.org${path}</loc></url>`).join('');
  t.strictSame((await read(`<urlset>${text}</urlset>`)).pages, [
    '/a?x=1&y=2',
    '/%D7%90',
    '/b?x=1&y=2',
    '/c?x=1&y',
    '/d?q=&copy;%3C',
  ]);
});

t.test('pieces may split the text anywhere', async (t) => {
  const text =
    '<urlset><url><loc>https://www.example.org/a?x=1&amp;y=2&z</loc></url><!-- <loc>no</loc> -->' +
    '<url><loc><![CDATA[https://www.example.org/b?x=1&y=2]]></loc></url></urlset>';
  for (let size = 1; size < 40; size += 1) {
    const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, n) =>
      text.slice(n * size, (n + 1) * size),
    );
    t.strictSame((await readSitemap(pieces, isOwn)).pages, ['/a?x=1&y=2&z', '/b?x=1&y=2'], `${size}`);
  }
});

t.test('comments, images and texts that are too long are not pages', async (t) => {
  const text = `<urlset><!-- <url><loc>https://www.example.org/no</loc></url> -->
    <url><loc>https://www.example.org/a</loc><image:image><image:loc>https://www.example.org/a.png</image:loc></image:image></url>
    <url><loc>https://www.example.org/${'long'.repeat(2000)}</loc></url></urlset>`;
  t.strictSame(await read(text), { pages: ['/a'], sitemaps: [], skipped: 1 });
});

t.test('hostile XML ends in bounded time and memory, and opens no file', async (t) => {
  const url = '<url><loc>https://www.example.org/a</loc></url>';
  const bomb = `<!DOCTYPE x [<!ENTITY a "${'b'.repeat(1000)}"><!ENTITY c "${'&a;'.repeat(1000)}"><!ENTITY f SYSTEM "file:///etc/passwd">]>`;
  t.strictSame((await read(`${bomb}<urlset>${url}</urlset>`)).pages, ['/a'], 'declarations are passed over');
  const { pages } = await read(
    `${bomb}<urlset><url><loc>https://www.example.org/&c;&f;</loc></url></urlset>`,
  );
  t.strictSame(pages, ['/&c;&f;'], 'and nothing is put in their place');
  const spentMs = processorTime();
  const size = 300_000;
  for (const piece of [
    '<a>',
    '</a>',
    '<',
    '&',
    '<a b="',
    '<!--',
    '<![CDATA[',
    '<!DOCTYPE',
    '&a',
    '<a><b></a>',
  ])
    t.strictSame((await read(url + piece.repeat(size))).pages, ['/a'], piece);
  t.strictSame((await read(`${url}<a ${'b="" '.repeat(size)}>`)).pages, ['/a']);
  t.ok(spentMs() < 10_000);
});
