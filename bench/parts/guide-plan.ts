/** What 200 people ask the sample app for: few of them much, few pages often, one request in twenty a write. */
import { createSessionCookies, Session } from '../../examples/webapp/session.ts';

/** One request to come. */
export type GuideRequest = {
  readonly method: string;
  readonly path: string;
  readonly cookie: string;
  readonly body: string | undefined;
};

export type Person = { readonly cookie: string; readonly files: readonly number[] };

/** The session cookie of a person, as the app signs it. */
export function cookieOf(id: number, secret: string): string {
  const session = new Session();
  session.logIn({ id, firstName: `P${id}`, username: `p${id}`, isAdmin: false, isPremium: false });
  return createSessionCookies(secret).setCookie(session, Date.now())?.split(';')[0] ?? '';
}

/** The same for the same count and people. */
export function guidePlan(count: number, people: readonly Person[]): GuideRequest[] {
  const random = xorshift(20_261_130);
  const drawPerson = zipf(people.length, random);
  const drawPage = zipf(pagesOf([]).length, random);
  return Array.from({ length: count }, () => {
    const { cookie, files } = people[drawPerson()] ?? { cookie: '', files: [] };
    if (random() < 0.05) return { ...writeOf(files, random), cookie };
    return { method: 'GET', path: pagesOf(files)[drawPage()] ?? '/', cookie, body: undefined };
  });
}

/** Each of the guide's kinds of content, the most wanted first; the files are somebody's own. */
function pagesOf(files: readonly number[]): string[] {
  const [first = 1, second = 2, third = 3, fourth = 4] = files;
  return [
    ...['/', '/files', `/file/${first}`, '/api/stats', '/api/files', '/bookmarks', `/md/${first}`],
    ...['/search?q=python', `/file/${second}`, '/api/tags', '/api/public_stats', '/settings'],
    ...['/api/files?page=2', `/md/${second}`, `/file/${third}`, '/search?q=cache', `/md/${third}`],
    ...[`/api/files/${fourth}`, '/api/settings', '/files?language=python'],
  ];
}

function writeOf(files: readonly number[], random: () => number): Omit<GuideRequest, 'cookie'> {
  const id = files[Math.floor(random() * 4)] ?? 1;
  const draw = random();
  if (draw < 0.4) return { method: 'POST', path: `/api/bookmarks/toggle/${id}`, body: '{}' };
  if (draw < 0.8) return { method: 'POST', path: `/api/favorite/toggle/${id}`, body: '{}' };
  const description = `Changed ${Math.floor(draw * 1e6)}`;
  return { method: 'PATCH', path: `/api/files/${id}`, body: JSON.stringify({ description }) };
}

/** Draws 0 to `count` − 1; the second half as often as the first, the third a third as often. */
function zipf(count: number, random: () => number): () => number {
  const sums: number[] = [];
  for (let rank = 1; rank <= count; rank += 1) sums.push((sums.at(-1) ?? 0) + 1 / rank);
  return () => {
    const drawn = random() * (sums.at(-1) ?? 0);
    return sums.findIndex((sum) => drawn < sum);
  };
}

function xorshift(seed: number): () => number {
  let x = seed;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 0x100000000;
  };
}
