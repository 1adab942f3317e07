/** HPACK as the lane reads and writes it: the examples of RFC 7541, and what nghttp2 writes. */

import { connect } from 'node:http2';
import t from 'tap';
import { HpackReader } from '../../../src/lane/h2/hpack-reader.ts';
import { blockOf } from '../../../src/lane/h2/hpack-writer.ts';
import { staticFields } from '../../../src/lane/h2/static-table.ts';
import { startSite } from '../../helpers/scripted-site.ts';

const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const [first, second, third] = [
  [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com'],
  ...[
    [
      ':method',
      'GET',
      ':scheme',
      'http',
      ':path',
      '/',
      ':authority',
      'www.example.com',
      'cache-control',
      'no-cache',
    ],
  ],
  ...[
    [
      ':method',
      'GET',
      ':scheme',
      'https',
      ':path',
      '/index.html',
      ':authority',
      'www.example.com',
      'custom-key',
      'custom-value',
    ],
  ],
];

t.test('RFC 7541 C.3 and C.4: requests, without and with the Huffman code', (t) => {
  for (const blocks of [
    [
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ],
    [
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ],
  ]) {
    const reader = new HpackReader();
    t.strictSame(
      blocks.map((block) => reader.read(bytesOf(block))?.fields),
      [first, second, third],
    );
  }
  t.end();
});

t.test('what was written is read as it was, and changes no table', (t) => {
  const reader = new HpackReader();
  const long = 'x'.repeat(5000);
  const fields = [...staticFields, 'cookie', 'a=b', 'x', 'caf\xe9', long.slice(0, 200), long, 'age', ''];
  t.strictSame(reader.read(blockOf(fields))?.fields, fields);
  t.equal(reader.version, 0);
  t.end();
});

t.test('RFC 7541 §4: a table that becomes smaller, and an entry beyond its size', (t) => {
  const reader = new HpackReader();
  const insert = (name: string, value: string): Buffer =>
    Buffer.from(
      `\x40${String.fromCharCode(name.length)}${name}\x7f${String.fromCharCode(((value.length - 127) & 0x7f) | 0x80, (value.length - 127) >> 7)}${value}`,
      'latin1',
    );
  for (let count = 0; count < 20; count += 1) reader.read(insert(`name-${count}`, 'v'.repeat(300)));
  t.equal(reader.read(bytesOf('be'))?.fields[0], 'name-19', 'the newest');
  t.equal(reader.read(bytesOf('c9'))?.fields[0], 'name-8', 'the oldest that fits');
  t.equal(reader.read(bytesOf('ca')), undefined, 'the one before is gone');
  t.equal(reader.read(bytesOf('3fe1 0b be'))?.fields[0], 'name-19', '1536 bytes');
  t.equal(reader.read(bytesOf('c1'))?.fields[0], 'name-16');
  t.equal(reader.read(bytesOf('c2')), undefined);
  t.ok(reader.read(insert('big', 'v'.repeat(1600))));
  t.equal(reader.read(bytesOf('be')), undefined, 'it has emptied the table');
  t.end();
});

t.test('what breaks the rules of the coding cannot be read', (t) => {
  for (const [what, block] of [
    ['number 0', '80'],
    ['a number beyond both tables', 'be'],
    ['a number without end', 'ffffffffffffff'],
    ['a number that is cut short', 'ff80'],
    ['a string that is cut short', '0001 61 05 6161'],
    ['no value', '0001 61'],
    ['a table larger than was announced', '3fe2 1f'],
    ['a table size behind a field', '82 20'],
    ['EOS in a string', '0001 61 84 ffff ffff'],
    ['padding of a whole byte', '0001 61 82 1fff'],
    ['padding of zeros', '0001 61 81 18'],
  ] as const)
    t.equal(new HpackReader().read(bytesOf(block)), undefined, what);
  t.strictSame(
    new HpackReader().read(bytesOf('20 3fe1 1f 82'))?.fields,
    [':method', 'GET'],
    'sizes at the beginning',
  );
  t.end();
});

t.test('each byte that a field may hold comes through as nghttp2 writes it', async (t) => {
  const site = await startSite('listen: { h2c: true }');
  const client = connect(site.url);
  t.teardown(async () => {
    client.destroy();
    await site.close();
  });
  const codes = Array.from({ length: 256 }, (_, code) => code).filter((code) => code > 32 && code !== 127);
  // Common letters around each: with the Huffman code it is shorter.
  const value = codes.map((code) => `eeeeeeeeee${String.fromCharCode(code)}eeeeeeeeee`).join('');
  for (let at = 0; at < value.length; at += 2100) {
    const stream = client.request({
      ':path': `/${at}`,
      ':authority': 'site.test',
      'x-all': value.slice(at, at + 2100),
    });
    stream.resume();
    await new Promise((resolve) => stream.on('close', resolve));
    t.equal(site.requests.at(-1)?.headers['x-all'], value.slice(at, at + 2100));
  }
});
