/** The search in what is stored: by prefix of the URL, by tag or by content type. */

import { byId, code, drawTable, element, explained } from './dom.js';

const most = 50;

/** Wires the form; the function returned says it again in another language. */
export function createSearch({ call, say }) {
  const kind = byId('search-kind');
  let last;
  const show = () => showFound(last, say());
  byId('search').addEventListener('submit', async (event) => {
    event.preventDefault();
    last = await call(`/entries?${new URLSearchParams({ [kind.value]: byId('search-value').value.trim() })}`);
    show();
  });
  return () => {
    const { purgeKind } = say().words;
    const chosen = kind.value === '' ? 'prefix' : kind.value;
    const options = [
      ['prefix', purgeKind.prefixes],
      ['url', purgeKind.urls],
      ['tag', purgeKind.tags],
      ['type', purgeKind.types],
    ];
    kind.replaceChildren(...options.map(([value, text]) => element('option', { value }, text)));
    kind.value = chosen;
    show();
  };
}

function showFound(answer, { words, formats }) {
  if (answer === undefined) return;
  const summary = byId('found-summary');
  if (!answer.ok) {
    summary.className = 'problem';
    summary.textContent = words.problem(answer, 'value');
    byId('found').replaceChildren();
    delete byId('found').dataset.key;
    return;
  }
  const { total, complete, entries } = answer.body;
  const rows = entries.slice(0, most);
  summary.className = 'summary';
  summary.textContent = words.found({
    shown: formats.whole(rows.length),
    total: formats.whole(total),
    complete,
  });
  drawTable(byId('found'), {
    label: words.searchTitle,
    empty: '',
    rows,
    columns: columnsOf({ words, formats }),
  });
}

const columnsOf = ({ words, formats }) => [
  { title: words.url, wide: true, cell: ({ host, target }) => explained(host + target, words) },
  { title: words.type, cell: (row) => code(row.content_type) },
  { title: words.audience, cell: ({ partition }) => words[partition] ?? code(partition) },
  { title: words.status, cell: ({ state }) => words.entryState[state] },
  { title: words.ttlLeft, number: true, cell: ({ ttl }) => formats.seconds(ttl) },
  { title: words.size, number: true, cell: ({ size }) => formats.bytes(size) },
  { title: words.hitCount, number: true, cell: ({ hits }) => formats.whole(hits) },
  {
    title: words.tags,
    wide: true,
    cell: ({ tags }) => element('span', { class: 'list' }, ...tags.filter(isGiven).map(code)),
  },
];

/** Not one of those that every entry has, which say what the other columns say. */
const isGiven = (tag) => !/^(?:type|url|rule-url):/.test(tag);
