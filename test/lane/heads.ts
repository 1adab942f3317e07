/** Request heads, valid and mutated, the same for the same seed. */

/** A repeatable source of numbers in [0, below). */
export type Dice = (below: number) => number;

/** xorshift32. */
export function diceOf(seed: number): Dice {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const methods = [
  'GET',
  'GET',
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'OPTIONS',
  'get',
  'PURGE',
  'GET\t',
  'G',
];
const targets = [
  '/',
  '/page',
  '/page?a=1&b=%20x',
  '/a%2Fb',
  '/%66iles',
  '//a//b',
  '/a/../b',
  '/a;x=1',
  '/a|b',
  '/a"b',
  '/ä',
  '/a#b',
  '*',
  'http://site.test/page',
  '/a b',
  '/%',
  '/?',
  `/${'x'.repeat(5000)}`,
];
const versions = [
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/2.0',
  'http/1.1',
  'HTTP/1.1 ',
];
const lines = [
  'Host: site.test',
  'Host:site.test',
  'host: other.test',
  'Accept: text/html,application/xhtml+xml,*/*;q=0.8',
  'Accept-Encoding: gzip, deflate, br',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64)',
  'Cookie: session=abc; theme=dark',
  'Cookie: session=def',
  'Authorization: Bearer x.y.z',
  'Connection: keep-alive',
  'Connection: close',
  'Connection: Keep-Alive',
  'Connection: cookie',
  'Connection: close, x-a',
  'Content-Length: 0',
  'Content-Length: 5',
  'Content-Length: +5',
  'Content-Length: 05',
  'Content-Length: 5, 5',
  'Content_Length: 5',
  'Transfer-Encoding: chunked',
  'Transfer_Encoding: chunked',
  'Transfer-Encoding : chunked',
  'Upgrade: websocket',
  'Expect: 100-continue',
  'TE: trailers',
  'Trailer: x',
  'Range: bytes=0-3',
  'If-None-Match: "a"',
  'If-Modified-Since: Mon, 02 Nov 2026 08:00:00 GMT',
  'Cache-Control: no-cache',
  'Pragma: no-cache',
  'X-HTTP-Method-Override: DELETE',
  'X-Forwarded-Proto: https',
  'Forwarded: host=evil.test',
  'X-Empty:',
  'X-Empty: ',
  'X-Two:  a',
  'X-Inner: a  b',
  'X-Tab: a\tb',
  'X-End: a ',
  'X-Fold: a\r\n b',
  ' X-Space: a',
  'X-Nul: a\0b',
  'X-Bare: a\rb',
  'X-Line: a\nb',
  'X-High: \xe9',
  'X@Odd: a',
  'No colon',
  ': nameless',
];
const specials = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  ' ',
  '\t',
  ':',
  '\x7f',
  '\xff',
  ',',
  '/',
  '%',
  '\r\n\r\n',
  '\n\n',
];

/** A head, and the line ends it was made with. Most are valid; some are not. */
export function randomHead(dice: Dice): string {
  const pick = <T>(list: readonly T[]): T => list[dice(list.length)] as T;
  const isPlain = dice(3) > 0;
  const method = isPlain ? pick(['GET', 'HEAD', 'POST']) : pick(methods);
  const target = isPlain ? (targets[dice(8)] ?? '/') : pick(targets);
  const version = isPlain ? 'HTTP/1.1' : pick(versions);
  const chosen = [
    'Host: site.test',
    ...Array.from({ length: dice(6) }, () => pick(isPlain ? common : lines)),
  ];
  const eol = dice(40) === 0 ? '\n' : '\r\n';
  const head = [`${method} ${target} ${version}`, ...shuffled(chosen, dice)].join(eol) + eol + eol;
  return dice(4) === 0 ? mutated(head, dice) : head;
}

const common = lines.slice(3, 16);

function shuffled(list: readonly string[], dice: Dice): string[] {
  const left = [...list];
  return list.map(() => left.splice(dice(left.length), 1)[0] ?? '');
}

/** One or two bytes changed, put in or taken out, or a line twice. */
function mutated(head: string, dice: Dice): string {
  let text = head;
  for (let count = 1 + dice(2); count > 0; count -= 1) {
    const at = dice(text.length);
    const special = specials[dice(specials.length)] ?? '';
    const how = dice(4);
    if (how === 0) text = text.slice(0, at) + special + text.slice(at);
    else if (how === 1) text = text.slice(0, at) + text.slice(at + 1);
    else if (how === 2) text = text.slice(0, at) + String.fromCharCode(dice(256)) + text.slice(at + 1);
    else text = text.slice(0, at) + special + text.slice(at + special.length);
  }
  return text;
}
