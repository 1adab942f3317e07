import t from 'tap';
import { readSitemap } from '../../src/refresh/sitemap.ts';

const isOwn = (host: string): boolean => host === 'www.example.org';

t.test('a sitemap lists paths of the own site only', async (t) => {
  const text = `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
    <url><loc>https://www.example.org/a?x=1&amp;y=2</loc><priority>0.8</priority></url>
    <url><loc> https://www.example.org/b </loc></url>
    <url><loc><![CDATA[https://www.example.org/c]]></loc></url>
    <url><loc>https://elsewhere.example/d</loc></url>
    <url><loc>file:///etc/passwd</loc></url>
    <url><loc>http://www.example.org@elsewhere.example/e</loc></url>
    <url><loc>nonsense</loc></url></urlset>`;
  t.strictSame(readSitemap(text, isOwn), { pages: ['/a?x=1&y=2', '/b', '/c'], sitemaps: [], skipped: 4 });
});

t.test('an index lists sitemaps', async (t) => {
  const text = `<s:sitemapindex xmlns:s="x"><s:sitemap><s:loc>https://www.example.org/s1.xml.gz</s:loc></s:sitemap></s:sitemapindex>`;
  t.strictSame(readSitemap(text, isOwn), { pages: [], sitemaps: ['/s1.xml.gz'], skipped: 0 });
});

t.test('what is no sitemap lists nothing, in no time', async (t) => {
  t.strictSame(readSitemap('<html>not found</html>', isOwn), { pages: [], sitemaps: [], skipped: 0 });
  const startedMs = performance.now();
  readSitemap('<loc>'.repeat(200_000), isOwn);
  readSitemap(`<loc><![CDATA[${'<'.repeat(200_000)}`, isOwn);
  t.ok(performance.now() - startedMs < 1000);
});

t.test('no more than fifty thousand', async (t) => {
  const text = '<url><loc>https://www.example.org/a</loc></url>'.repeat(60_000);
  t.equal(readSitemap(text, isOwn).pages.length, 50_000);
});
