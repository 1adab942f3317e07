import t from 'tap';
import { parameterName, sortQuery } from '../../src/http/query.ts';

t.test('parameters are sorted by name, equal names keep their order', async (t) => {
  t.equal(sortQuery('b=2&a=1&b=1'), 'a=1&b=2&b=1');
  t.equal(sortQuery('b&a=&=x'), '=x&a=&b');
  t.equal(sortQuery('ab=2&a%62=1'), 'ab=2&a%62=1', 'a name in another spelling is the same name');
  t.equal(sortQuery('a%62=1&ab=2&aa'), 'aa&a%62=1&ab=2');
  t.equal(sortQuery('&b&&a&'), 'a&b');
});

t.test('an empty query is removed', async (t) => {
  t.equal(sortQuery(undefined), undefined);
  t.equal(sortQuery(''), undefined);
  t.equal(sortQuery('&&'), undefined);
  t.equal(sortQuery('a=1', { ignore: ['a'] }), undefined);
});

t.test('only parameters that count are kept', async (t) => {
  t.equal(sortQuery('utm_source=x&b=1&fbclid=2&utm%5Fid=3', { ignore: ['utm_*', 'fbclid'] }), 'b=1');
  t.equal(sortQuery('page=2&x=1&per_page=3', { only: ['page', 'per_page'] }), 'page=2&per_page=3');
  t.equal(sortQuery('utm=1', { ignore: ['utm_*'] }), 'utm=1');
  t.equal(sortQuery('page=2&pages=1', { only: ['page'] }), 'page=2');
});

t.test('ordered keeps the order and every byte', async (t) => {
  t.equal(sortQuery('b=2&&a=1', { ordered: true }), 'b=2&&a=1');
  t.equal(sortQuery('b=2&u=3&a=1', { ordered: true, ignore: ['u'] }), 'b=2&a=1');
});

t.test('a name that cannot be decoded is compared as sent', async (t) => {
  t.equal(parameterName('%ff=1'), '%ff');
  t.equal(parameterName('a+b=1'), 'a b');
  t.equal(parameterName('a'), 'a');
});

t.test('of a cut parameter only the value before the text counts', (t) => {
  const cut = [{ name: 'v', at: '.' }];
  t.equal(sortQuery('v=1a2b.1795373987&a=b.c', { cut }), 'a=b.c&v=1a2b');
  t.equal(sortQuery('%76=1.2&v=3', { cut }), '%76=1&v=3');
  t.equal(sortQuery('v&v=.5', { cut }), 'v&v=');
  t.equal(sortQuery('a.b=1&v=2.3&u=4', { cut, only: ['v'] }), 'v=2');
  t.end();
});
