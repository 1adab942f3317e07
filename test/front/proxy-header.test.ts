/** The PROXY protocol's header, byte by byte. */

import t from 'tap';
import { readProxyHeader } from '../../src/front/proxy-header.ts';

const signature = '\r\n\r\n\0\r\nQUIT\n';
/** A header of version 2. `rest` is what its length says, unless `length` does. */
const binary = (head: string, rest: string, length = rest.length): string =>
  signature + head + String.fromCharCode(length >> 8, length & 255) + rest;
const v4 = '\xcb\0\x71\x07\x7f\0\0\x01\xc3\x50\0\x50';
const v6 = `\x20\x01\x0d\xb8${'\0'.repeat(11)}\x09${'\0'.repeat(15)}\x01\xc3\x50\0\x50`;
const mapped = `${'\0'.repeat(10)}\xff\xff\xcb\0\x71\x07${'\0'.repeat(15)}\x01\xc3\x50\0\x50`;
const extension = '\x04\0\x03abc';

const read = (text: string) => readProxyHeader(Buffer.from(text, 'latin1'));

const good: readonly (readonly [string, string, string])[] = [
  ['v1, IPv4', 'PROXY TCP4 203.0.113.7 127.0.0.1 50000 80\r\n', '203.0.113.7'],
  ['v1, IPv6', 'PROXY TCP6 2001:DB8:0:0::9 ::1 50000 80\r\n', '2001:db8::9'],
  ['v1, IPv4 as IPv6', 'PROXY TCP6 ::ffff:203.0.113.7 ::1 0 65535\r\n', '203.0.113.7'],
  ['v1, no client', 'PROXY UNKNOWN\r\n', 'unknown'],
  ['v1, no client but addresses', 'PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n', 'unknown'],
  ['v1, the longest line', `PROXY UNKNOWN ${'f'.repeat(91)}\r\n`, 'unknown'],
  ['v2, IPv4', binary('\x21\x11', v4), '203.0.113.7'],
  ['v2, IPv4 over UDP, as for QUIC', binary('\x21\x12', v4), '203.0.113.7'],
  ['v2, IPv6', binary('\x21\x21', v6), '2001:db8::9'],
  ['v2, IPv4 as IPv6', binary('\x21\x21', mapped), '203.0.113.7'],
  ['v2, extensions', binary('\x21\x11', v4 + extension.repeat(100)), '203.0.113.7'],
  ['v2, of 4096 bytes', binary('\x21\x11', v4 + 'x'.repeat(4096 - 28)), '203.0.113.7'],
  ['v2, no family', binary('\x21\x00', extension), 'unknown'],
  ['v2, a Unix socket', binary('\x21\x31', '/run/app.sock'.padEnd(216, '\0')), 'unknown'],
  ['v2, the sender itself', binary('\x20\x00', ''), 'sender'],
  ['v2, the sender itself, with addresses', binary('\x20\x11', v4), 'sender'],
  ['v2, the sender itself, with part of them', binary('\x20\x21', v4), 'sender'],
];

t.test('17.5: a header is read however it is cut, and nothing behind it', (t) => {
  for (const [what, text, expected] of good) {
    const client = ['unknown', 'sender'].includes(expected)
      ? { kind: expected }
      : { kind: 'address', address: expected };
    for (const behind of ['', 'GET / HTTP/1.1\r\n', text])
      t.strictSame(read(text + behind), { kind: 'header', length: text.length, client }, what);
    for (let length = 0; length < text.length; length += 1)
      if (read(text.slice(0, length)).kind !== 'incomplete') t.fail(`${what}, cut at ${length}`);
  }
  t.end();
});

t.test('17.5: whether the client came over TLS (PP2_TYPE_SSL); what cannot be read says nothing', (t) => {
  const ssl = (first: string, length = '\x05') => `\x20\0${length}${first}\0\0\0\0`;
  const cases: readonly (readonly [boolean, string])[] = [
    [true, ssl('\x01')],
    [true, extension + ssl('\x07') + extension],
    [true, `\x20\0\x0d\x01\0\0\0\0\x21\0\x05TLSv1`],
    [false, ''],
    [false, ssl('\0')],
    [false, ssl('\x06')],
    [false, ssl('\x01', '\x06')],
    [false, '\x20\0\x01\x01'],
    [false, `${extension}\x20\0`],
    [false, `\x04\0\x08${ssl('\x01')}`],
    [false, ssl('\0') + ssl('\x01')],
  ];
  for (const [isSecure, extensions] of cases) {
    const header = read(binary('\x21\x11', v4 + extensions));
    t.equal(
      header.kind === 'header' && header.client.isSecure === true,
      isSecure,
      JSON.stringify(extensions),
    );
  }
  t.strictSame(read(binary('\x20\x11', v4 + ssl('\x01'))).kind, 'header');
  t.end();
});

const bad: readonly (readonly [string, string])[] = [
  ['another family', 'PROXY UDP4 203.0.113.7 127.0.0.1 1 80\r\n'],
  ['an address of the other family', 'PROXY TCP4 2001:db8::9 ::1 1 80\r\n'],
  ['IPv4 for IPv6', 'PROXY TCP6 203.0.113.7 127.0.0.1 1 80\r\n'],
  ['a leading zero', 'PROXY TCP4 203.0.113.07 127.0.0.1 1 80\r\n'],
  ['a short address', 'PROXY TCP4 127.1 127.0.0.1 1 80\r\n'],
  ['a zone', 'PROXY TCP6 fe80::1%eth0 ::1 1 80\r\n'],
  ['a name', 'PROXY TCP4 localhost 127.0.0.1 1 80\r\n'],
  ['a port beyond', 'PROXY TCP4 203.0.113.7 127.0.0.1 65536 80\r\n'],
  ['a port with a zero in front', 'PROXY TCP4 203.0.113.7 127.0.0.1 080 80\r\n'],
  ['a sign', 'PROXY TCP4 203.0.113.7 127.0.0.1 -1 80\r\n'],
  ['two blanks', 'PROXY  TCP4 203.0.113.7 127.0.0.1 1 80\r\n'],
  ['a blank at the end', 'PROXY TCP4 203.0.113.7 127.0.0.1 1 80 \r\n'],
  ['a field too few', 'PROXY TCP4 203.0.113.7 127.0.0.1 80\r\n'],
  ['a line end within', 'PROXY TCP4 203.0.113.7 127.0.0.1 1 80\n\r\n'],
  ['UNKNOWN and more', 'PROXY UNKNOWNS\r\n'],
  ['nothing', 'PROXY \r\n'],
  ['a line too long', `PROXY UNKNOWN ${'f'.repeat(92)}\r\n`],
  ['a line without an end', `PROXY UNKNOWN ${'f'.repeat(200)}`],
  ['version 1 in binary', binary('\x11\x11', v4)],
  ['an unknown command', binary('\x22\x11', v4)],
  ['an unknown family', binary('\x21\x41', v4)],
  ['an unknown transport', binary('\x21\x13', v4)],
  ['too short for IPv4', binary('\x21\x11', v4.slice(1))],
  ['too short for IPv6', binary('\x21\x21', v6.slice(1))],
  ['too short for Unix', binary('\x21\x31', '/run/app.sock')],
  ['beyond 4096 bytes', binary('\x21\x11', v4, 4096)],
  ['64 KB', binary('\x21\x11', v4, 65_535)],
];

t.test('17.5: what is not a header is refused as soon as it can be told', (t) => {
  for (const [what, text] of bad) t.strictSame(read(text), { kind: 'refused', reason: 'malformed' }, what);
  const others = [
    'G',
    'GET / HTTP/1.1\r\n',
    'PRI * HTTP/2.0',
    'P\r\n',
    'proxy TCP4',
    '\x16\x03\x01',
    '\r\n\r\n\x01',
  ];
  for (const text of others) t.strictSame(read(text), { kind: 'refused', reason: 'missing' }, text);
  t.end();
});
