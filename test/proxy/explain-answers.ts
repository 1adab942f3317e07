/** Origin answers, generated from a seed. */
import { cookieOf, sessionOf } from '../helpers/flask-site.ts';
import type { Random } from './explain-random.ts';

/** What the origin answers. Names and values take turns; `body` is sent whole or in chunks. */
export type OriginAnswer = {
  readonly status: number;
  readonly fields: readonly string[];
  readonly body: string;
  readonly isChunked: boolean;
};

/** Whose turn it is: chance, the place and the number of the subject, and the time. */
export type Maker = {
  readonly random: Random;
  readonly place: string;
  readonly subject: number;
  readonly nowMs: number;
};

/** An answer to a request of that method; with a range asked for among `lines`, often a part. */
export function answerOf(maker: Maker, method: string, lines?: readonly string[]): OriginAnswer {
  const { random, nowMs } = maker;
  const isPartial = (lines ?? []).some((line) => line.startsWith('Range: bytes')) && random.chance(60);
  const status = isPartial
    ? 206
    : random.chance(82)
      ? 200
      : random.pick(
          200,
          201,
          204,
          206,
          301,
          302,
          304,
          304,
          304,
          400,
          401,
          404,
          404,
          410,
          412,
          418,
          429,
          500,
          503,
          599,
        );
  const fields: string[] = [];
  const some = (percent: number, name: string, ...choices: readonly string[]): void => {
    if (random.chance(percent)) fields.push(name, random.pick(...choices));
  };
  some(55, 'Cache-Control', ...caching);
  some(6, 'Expires', new Date(nowMs + 90_000).toUTCString(), new Date(nowMs - 9000).toUTCString(), '0');
  some(6, 'Age', '0', '15', '700', 'x');
  some(40, 'ETag', '"e1"', '"e1"', '"e2"', 'W/"e1"');
  some(
    25,
    'Last-Modified',
    'Mon, 09 Mar 2026 10:00:00 GMT',
    new Date(nowMs - 600_000).toUTCString(),
    'yesterday',
  );
  some(30, 'Date', new Date(nowMs).toUTCString(), new Date(nowMs - 20_000).toUTCString());
  some(15, 'Vary', 'Accept-Language', 'Cookie', 'Accept, Accept-Encoding', '*', 'X-Client', 'User-Agent');
  const cookies = cookieChoices(maker);
  if (random.chance(9)) fields.push('Set-Cookie', random.pick(...cookies));
  if (random.chance(3)) fields.push('Set-Cookie', random.pick(...cookies));
  some(10, 'Surrogate-Key', `key-${maker.subject} other`, 'a b c');
  some(5, 'Cache-Groups', '"g1", "g2"');
  some(5, 'X-Is-Favorite', 'true');
  some(4, 'X-Error', '1', '0');
  some(4, 'X-Owner', 'dana');
  some(3, 'CDN-Cache-Control', 'max-age=33', 'no-store', 'max-age=0');
  some(50, 'Content-Type', 'text/html; charset=utf-8', 'application/json', 'image/png');
  if (method !== 'GET' && method !== 'HEAD') {
    some(
      25,
      'Location',
      `/plain/${maker.subject}`,
      `http://site.test/home/${maker.subject}?a=1&b=2`,
      'http://else.test/',
    );
    some(25, 'Content-Location', `/${maker.place}/${maker.subject}`, `/shared/${maker.subject}`);
    some(10, 'Cache-Group-Invalidation', '"g1"');
  }
  if (status === 206)
    fields.push('Content-Range', random.pick('bytes 0-1/5', 'bytes 2-4/5', 'bytes */5', 'bytes 0-9/5'));
  const body = status === 204 || status === 304 ? '' : bodyOf(random, status);
  return { status, fields, body, isChunked: random.chance(25) };
}

const caching = [
  'max-age=60',
  'max-age=60',
  'max-age=60',
  'max-age=60, stale-while-revalidate=100',
  'max-age=300',
  'max-age=300',
  'max-age=600',
  'max-age=0',
  'no-store',
  'private',
  'private, max-age=60',
  'no-cache',
  'no-cache="set-cookie", max-age=60',
  'public, s-maxage=50, max-age=5',
  'max-age=25, must-revalidate',
  'max-age=30, stale-while-revalidate=60',
  'max-age=20, stale-if-error=300',
  'must-understand, no-store',
  'public',
  'max-age=abc',
  'immutable, max-age=100',
];

const cookieChoices = ({ nowMs, random }: Maker): string[] => [
  `${cookieOf(sessionOf(1 + random.int(2)), nowMs)}; Path=/; HttpOnly`,
  `${cookieOf(sessionOf(1), nowMs)}; Path=/; HttpOnly`,
  'theme=dark; Path=/',
  'session=; Max-Age=0; Path=/',
];

function bodyOf(random: Random, status: number): string {
  if (status === 206) return random.pick('ab', 'abc');
  return random.pick(
    'hello',
    'hello',
    'hello',
    'hello',
    'hello',
    '{"ok":true}',
    '{"ok":false}',
    'sorry, later',
    '',
    'x',
    'text '.repeat(60),
    'long '.repeat(500),
  );
}
