import t from 'tap';
import { combinedValue } from '../../../src/http/fields.ts';
import { asDelivered, storeEntry } from '../../../src/proxy/fetch/store-entry.ts';
import { eventually } from '../../helpers/eventually.ts';
import { exchangeBut } from '../exchange-but.ts';
import { termsBut } from './terms-but.ts';

const page = `
content_types:
  page: { ttl: 60s }
routes:
  - { match: GET /a/:id, type: page }
`;
const text = Buffer.from('some text. '.repeat(200));

t.test('text of the operator’s content types is compressed, in its own time', async (t) => {
  for (const [rules, body, coding] of [
    [page, text, 'gzip'],
    [`store: { compress: false }${page}`, text, undefined],
    ['unmatched: standard', text, undefined],
    [page, Buffer.from('short'), undefined],
  ] as const) {
    const { exchange, storedBut } = exchangeBut(rules);
    const entry = storedBut({ body });
    storeEntry(exchange, entry);
    const { store } = exchange.services;
    t.strictSame(store.peek(entry.key)[0], entry, 'it is at hand at once');
    if (coding !== undefined)
      await eventually('it is compressed', () => store.peek(entry.key)[0]?.coding === coding);
    await new Promise((resolve) => setImmediate(resolve));
    t.equal(store.peek(entry.key)[0]?.coding, coding, rules);
  }
});

t.test('background work hears of what is stored', async (t) => {
  const stored: unknown[] = [];
  const ignore = () => undefined;
  const background = { onAsked: ignore, onStaleHit: ignore, onFreshHit: ignore };
  const { exchange, storedBut } = exchangeBut(
    page,
    {},
    {
      background: { ...background, onStored: (_exchange, entry) => void stored.push(entry) },
    },
  );
  const entry = storedBut();
  storeEntry(exchange, entry);
  t.strictSame(stored, [entry]);
});

t.test('what depends on Accept-Encoding once it is stored says so from the first answer', async (t) => {
  for (const [rules, type, vary] of [
    [page, 'text/html', 'Accept-Encoding'],
    [page, 'image/png', undefined],
    ['unmatched: standard', 'text/html', undefined],
  ] as const) {
    const { fields } = asDelivered(termsBut(rules), { fields: ['Content-Type', type] });
    t.equal(combinedValue(fields, 'vary'), vary, `${rules} ${type}`);
  }
});
