import t from 'tap';
import { canonicalAuthority } from '../../src/http/authority.ts';

t.test('RFC 3986 §6.2.2.1, §6.2.3: one spelling for host and port', async (t) => {
  for (const [raw, canonical] of [
    ['WWW.Example.org', 'www.example.org'],
    ['www.example.org.', 'www.example.org'],
    ['www.example.org:80', 'www.example.org'],
    ['www.example.org:', 'www.example.org'],
    ['www.example.org:0080', 'www.example.org'],
    ['www.example.org:8080', 'www.example.org:8080'],
    ['www.example.org.:443', 'www.example.org:443'],
    ['127.0.0.1:81', '127.0.0.1:81'],
    ['[::1]:80', '[::1]'],
    ['[2001:DB8:0:0::1]:81', '[2001:db8::1]:81'],
    ['my_host', 'my_host'],
  ] as const) {
    t.equal(canonicalAuthority(raw, 'http'), canonical, raw);
  }
  t.equal(canonicalAuthority('a:443', 'https'), 'a');
  t.equal(canonicalAuthority('a:80', 'https'), 'a:80');
});

t.test('an invalid host or port is refused', async (t) => {
  for (const raw of [
    '',
    '.',
    ':80',
    'a:b',
    'a:70000',
    'a:-1',
    'u@a',
    'a/b',
    'a b',
    'a,b',
    'a..b',
    '.a',
    '[::1',
    '[x]',
    '[:::1]',
    '[1.2]',
    'a%2e',
    'ä',
    'a\\b',
    'a'.repeat(300),
  ]) {
    t.equal(canonicalAuthority(raw, 'http'), undefined, raw.slice(0, 20));
  }
});
