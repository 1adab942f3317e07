/**
 * Exchanges generated from a seed: the request, the origin's answer, and the requests, purges and waits before it. The same
 * seed gives the same exchanges.
 */
import { createHmac } from 'node:crypto';
import { cookieOf, sessionOf } from '../helpers/flask-site.ts';
import type { RawRequest } from '../helpers/raw-client.ts';
import { answerOf, type Maker, type OriginAnswer } from './explain-answers.ts';
import type { Random } from './explain-random.ts';
import { jwtSecret } from './explain-configurations.ts';

export type Exchange = { readonly request: Required<RawRequest>; readonly answer: OriginAnswer };

/** Something that happens before the next exchange, or an exchange. */
export type Step =
  | { readonly kind: 'exchange'; readonly exchange: Exchange }
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'purge'; readonly body: Readonly<Record<string, unknown>> };

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function tokenOf(sub: string, expires: number, key = jwtSecret): string {
  const signed = `${base64({ alg: 'HS256', typ: 'JWT' })}.${base64({ sub, exp: expires, user_data: { is_premium: false } })}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

/** Some exchanges about one subject, with what happens between them; `nowMs` is the time of the first. */
export function stepsOf(random: Random, subject: number, nowMs: number): readonly Step[] {
  const places = ['home', 'own', 'shared', 'stripped', 'kept', 'plain', 'never', 'logout'];
  const place = random.pick(...places, 'shared', 'own', 'plain', 'plain');
  const maker: Maker = { random, place, subject, nowMs };
  let last = exchangeOf(maker);
  const steps: Step[] = [{ kind: 'exchange', exchange: last }];
  const more = 1 + random.int(6);
  for (let count = 0; count < more; count += 1) {
    if (random.chance(35)) {
      steps.push({ kind: 'wait', seconds: random.pick(1, 5, 12, 25, 40, 70, 95, 200, 900, 4000) });
    }
    if (random.chance(25)) steps.push({ kind: 'purge', body: purgeOf(maker) });
    last = random.chance(80) ? againBut(maker, last) : exchangeOf(maker);
    steps.push({ kind: 'exchange', exchange: last });
  }
  return steps;
}

function purgeOf({ random, place, subject }: Maker): Record<string, unknown> {
  const what = random.pick<Record<string, unknown>>(
    { urls: [`/${place}/${subject}`] },
    { urls: [`http://site.test/${place}/${subject}?a=1&b=2`] },
    { tags: [`page:${subject}`, `own:${subject}`, `shared:${subject}`, `key-${subject}`] },
    { types: [place === 'plain' ? 'standard' : place === 'never' || place === 'logout' ? 'home' : place] },
    { prefixes: [`/${place}/`] },
    { users: ['1'] },
    { everything: true },
  );
  return { ...what, soft: random.chance(50) };
}

function exchangeOf(maker: Maker): Exchange {
  const { random } = maker;
  const method = random.chance(78)
    ? 'GET'
    : random.pick('HEAD', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PURGE');
  const hasBody = method === 'POST' || method === 'PUT' || random.chance(1);
  const lines = [...requestLines(maker), ...(hasBody ? ['Content-Length: 3'] : [])];
  const host = random.chance(97)
    ? 'site.test'
    : random.pick('SITE.test:80', 'other.test', 'a.site.test', 'bad host');
  const request = { method, target: targetOf(maker), host, lines, body: hasBody ? 'a=1' : '' };
  return { request, answer: answerOf(maker, method, lines) };
}

/** The same request once more, perhaps with one line more; the origin has something new to say. */
function againBut(maker: Maker, { request, answer }: Exchange): Exchange {
  const { random } = maker;
  const method = random.chance(85) ? request.method : random.pick('GET', 'HEAD');
  const added = random.chance(30) ? requestLines(maker).slice(0, 1) : [];
  const isFree = request.body === '' || method === request.method;
  const again = isFree ? { ...request, method, lines: [...request.lines, ...added] } : request;
  return { request: again, answer: random.chance(60) ? answerOf(maker, method, again.lines) : answer };
}

function targetOf({ random, place, subject }: Maker): string {
  const path = random.chance(88)
    ? `/${place}/${subject}`
    : random.pick(
        `//${place}/${subject}`,
        `/./${place}/${subject}`,
        `/x/../${place}/${subject}`,
        `/${place}/%3${subject % 10}`,
        `/${place}%2f${subject}`,
        `/${place}/${subject}/`,
        `/${place}/${subject};x`,
        `/${place}/%C3%A9${subject}`,
        `/${place}/%zz`,
        `http://site.test/${place}/${subject}`,
      );
  const query = random.chance(60)
    ? ''
    : random.pick(
        '?',
        '?a=1&b=2',
        '?b=2&a=1',
        '?page=1',
        '?lang=he&page=1&x=3',
        '?utm_source=x&a=1',
        '?v=1a.77',
        '?no_cache=1',
        '?a=%zz',
        '?a=<b>',
      );
  return path + query;
}

function requestLines(maker: Maker): string[] {
  const { random } = maker;
  const lines: string[] = [];
  const some = (percent: number, ...choices: readonly string[]): void => {
    if (random.chance(percent)) lines.push(random.pick(...choices));
  };
  some(
    18,
    ...directives.map((text) => `Cache-Control: ${text}`),
    'Pragma: no-cache',
    'Cache-Control: max-age="5',
  );
  some(
    8,
    'Range: bytes=0-1',
    'Range: bytes=2-',
    'Range: bytes=-2',
    'Range: bytes=0-0,2-3',
    'Range: bytes=900-',
    'Range: lines=1-2',
  );
  some(
    10,
    'If-None-Match: "e1"',
    'If-None-Match: "e2"',
    'If-None-Match: *',
    'If-None-Match: W/"e1"',
    'If-Modified-Since: Mon, 09 Mar 2026 10:00:00 GMT',
  );
  some(2, 'If-Match: "e1"', 'If-Unmodified-Since: Mon, 09 Mar 2026 10:00:00 GMT', 'If-Range: "e1"');
  some(4, 'Authorization: Bearer abc', 'Authorization: Basic YTpi', 'Authorization: Negotiate abc');
  if (random.chance(35)) lines.push(...cookieLines(maker));
  some(6, ...tokens(maker.nowMs).map((text) => `X-Token: ${text}`));
  some(20, 'Accept: text/html', 'Accept: application/json', 'Accept: image/webp,*/*;q=0.8');
  some(15, 'Accept-Language: he', 'Accept-Language: en', 'accept-language: he, en;q=0.5');
  some(10, 'Accept-Encoding: gzip', 'Accept-Encoding: identity');
  some(
    8,
    'X-Client: app',
    'X-Api-Key: k1',
    'X-Forwarded-Host: evil.test',
    'X-HTTP-Method-Override: DELETE',
    'X-Original-URL: /admin',
    'User-Agent: a b',
    'Host: other.test',
  );
  return lines;
}

const directives = [
  'no-cache',
  'no-store',
  'max-age=0',
  'max-age=30',
  'max-stale',
  'max-stale=20',
  'min-fresh=30',
  'only-if-cached',
  'only-if-cached, max-stale',
  'no-transform',
  'stale-if-error=600',
];

const tokens = (nowMs: number): string[] => {
  const now = Math.floor(nowMs / 1000);
  return [
    tokenOf('7', now + 600),
    tokenOf('8', now + 100_000),
    tokenOf('7', now - 5),
    tokenOf('7', now + 600, 'forged'),
  ];
};

function cookieLines({ random, nowMs }: Maker): string[] {
  const mine = cookieOf(sessionOf(1 + random.int(2)), nowMs - random.pick(0, 5000, 3_000_000));
  const forged = `${mine.slice(0, -4)}AAAA`;
  const old = cookieOf(sessionOf(1), nowMs - 40 * 86_400_000);
  const later = cookieOf(sessionOf(1), nowMs + 86_400_000);
  const line = random.pick(
    mine,
    mine,
    mine,
    mine,
    `${mine}; theme=dark`,
    `theme=light`,
    'theme=dark; _ga=GA1.2',
    `${mine}; remember_me=7|x`,
    'remember_me=7|x',
    forged,
    old,
    later,
    `${mine}; ${forged}`,
    'session=',
    'session=rubbish',
    '=; ;',
    'other=1',
  );
  return random.chance(95) ? [`Cookie: ${line}`] : [`Cookie: ${line}`, 'Cookie: theme=dark'];
}
