/**
 * With the lane and without it a client of HTTP/2 gets the same answers, whatever it asks and however it writes its field
 * blocks: valid ones, and mutated ones, each answered by a status, a reset or the end of the connection.
 */

import t, { type Test } from 'tap';
import { blockOf } from '../../../src/lane/h2/hpack-writer.ts';
import { closeProxy } from '../../helpers/close-proxy.ts';
import { connectFrames, type FrameClient, settingsOf, windowOf } from '../../helpers/h2-client.ts';
import { endHeaders, endStream, frame, types } from '../../helpers/h2-frames.ts';
import { startProxy, startSite } from '../../helpers/scripted-site.ts';
import { TestClock } from '../../helpers/test-clock.ts';
import { type Dice, diceOf } from '../heads.ts';
import { answer, rules } from '../streams.ts';

const rounds = 120;
const blocksOfRound = 12;

const fieldsOf = (dice: Dice): string[] => {
  const pick = (list: readonly string[]): string => list[dice(list.length)] ?? '';
  const isOdd = dice(4) === 0;
  const one = (usual: readonly string[], odd: readonly string[]): string => pick(isOdd ? odd : usual);
  const pseudo = [
    ...[':method', one(['GET', 'GET', 'HEAD'], ['GET', 'GET', 'HEAD', 'OPTIONS', 'get'])],
    ...[':scheme', one(['http'], ['http', 'http', 'https', 'ftp'])],
    ...[
      ':path',
      one(paths, [...paths, '/public/a b', '/public/a#x', 'public/a', '*', '/a\r\nx: y', '/caf\xe9']),
    ],
    ...[':authority', one(['site.test'], ['site.test', 'SITE.test:80', 'a@site.test', '', 'a b'])],
  ];
  const more = Array.from({ length: dice(4) }, () =>
    one(usualLines, lines)
      .split(/: (.*)/s)
      .slice(0, 2),
  );
  return [...pseudo, ...more.flat()];
};
const paths = [
  '/public/a',
  '/public/b',
  '/mine/a',
  '/tongue',
  '/plain?b=2&a=1',
  '/vary',
  '/gone',
  '/large',
  '/no-store',
];
const usualLines = [
  ...['cookie: session=one', 'cookie: theme=dark', 'accept-language: he', 'accept-encoding: gzip'],
  ...['if-none-match: "4f2a"', 'x-request-id: abc', 'accept: */*'],
];
const lines = [
  ...usualLines,
  ...[
    'cookie: session=one',
    'cookie: session=two',
    'cookie: theme=dark',
    'accept-language: he',
    'te: trailers',
    'te: x',
  ],
  ...[
    'accept-encoding: gzip',
    'if-none-match: "4f2a"',
    'range: bytes=0-3',
    'cache-control: no-cache',
    'x-api-key: k',
  ],
  ...[
    'content-length: 0',
    'content-length: 5',
    'connection: close',
    'upgrade: x',
    'host: site.test',
    'host: b.test',
  ],
  ...[
    'x-two: ',
    'x-two:  a',
    'x-two: a\tb',
    'X-Upper: a',
    'x-b: a\r\nb: c',
    'x b: c',
    ':path: /public/b',
    'expect: x',
  ],
  ...[
    'x-request-id: abc',
    'x-forwarded-proto: https',
    'authorization: Basic eDp5',
    'cookie: $Version=1',
    'x-l: caf\xe9',
  ],
];

/** The bytes of a block as they are, or with one of them changed, taken out or put in, or with a reference to the table. */
function mutated(block: Buffer, dice: Dice): Buffer {
  const at = dice(block.length);
  const [before, behind] = [block.subarray(0, at), block.subarray(at)];
  switch (dice(40)) {
    case 0:
      return Buffer.concat([before, Buffer.of(dice(256)), behind.subarray(1)]);
    case 1:
      return Buffer.concat([before, behind.subarray(1 + dice(3))]);
    case 2:
      return Buffer.concat([before, Buffer.of(dice(256)), behind]);
    case 3:
      return Buffer.concat([block, Buffer.of(0x80 | (1 + dice(70)))]);
    case 4:
      return Buffer.concat([Buffer.of(0x20 | dice(32)), block]);
    default:
      return block;
  }
}

/** Literals of a block become entries of the table now and then. */
const indexed = (block: Buffer, fields: readonly string[], dice: Dice): Buffer => {
  const [name = '', value = ''] = fields.slice(-2);
  const isShort = name.length < 127 && value.length < 127 && !name.startsWith(':');
  if (!isShort || dice(3) > 0) return block;
  const text = `\x40${String.fromCharCode(name.length)}${name}${String.fromCharCode(value.length)}${value}`;
  return Buffer.concat([blockOf(fields.slice(0, -2)), Buffer.from(text, 'latin1')]);
};

t.test('17.3: the lane changes no answer over HTTP/2', async (t) => {
  const site = await startSite('', { answer });
  t.teardown(() => site.close());
  const { url: upstream } = site.proxy.services.site().config.upstream;
  const clock = new TestClock();
  const [on, off] = await Promise.all(
    [true, false].map(async (isOn) => {
      const text = `upstream: ${upstream}\nlisten: { h2c: true, fast_lane: ${isOn} }\n${rules}`;
      const proxy = await startProxy(text, { clock });
      t.teardown(() => closeProxy(proxy));
      return proxy;
    }),
  );
  if (on === undefined || off === undefined) return;
  const dice = diceOf(17);
  let hits = 0;
  for (let round = 0; round < rounds; round += 1) {
    const blocks = blocksOf(dice);
    const [one, other] = await Promise.all([play(t, on.url, blocks), play(t, off.url, blocks)]);
    hits += one.filter((text) => text.includes('shelflife; hit')).length;
    t.strictSame(one, other, `round ${round}`);
  }
  t.ok(hits > 3 * rounds, `${hits} hits`);
});

/** Each twice in a row now and then, as browsers repeat them. */
const blocksOf = (dice: Dice): Buffer[] =>
  Array.from({ length: blocksOfRound }, () => {
    const fields = fieldsOf(dice);
    const block = mutated(indexed(blockOf(fields), fields, dice), dice);
    return dice(3) === 0 ? [block, block] : [block];
  }).flat();

/** What comes back for each, until the connection ends. Each waits for the answer to the one before. */
async function play(t: Test, url: string, blocks: readonly Buffer[]): Promise<string[]> {
  const client = await connectFrames(t, url, settingsOf({ 4: 2 ** 24 }), windowOf(0, 2 ** 24));
  const told: string[] = [];
  for (const [index, block] of blocks.entries()) {
    const stream = index * 2 + 1;
    if (client.goaway === undefined) client.send(frame(types.headers, endStream | endHeaders, stream, block));
    const hasEnded = (): boolean => client.streams.get(stream)?.end !== undefined;
    await client.until(() => hasEnded() || client.goaway !== undefined).catch(() => undefined);
    told.push(hasEnded() ? essenceOf(client, stream) : 'the connection has ended');
  }
  client.socket.destroy();
  return told;
}

function essenceOf(client: FrameClient, stream: number): string {
  const { fields = [], body = '', end } = client.streams.get(stream) ?? {};
  const pairs = fields.flatMap((name, index) =>
    index % 2 === 1 || name === 'date' ? [] : [`${name}: ${fields[index + 1] ?? ''}`],
  );
  return [...pairs.sort(), body.slice(0, 100), String(body.length), String(end)].join('\n');
}
