/** The purge form with its receipt, and the box that explains a request. */

import { byId, code, drawTable, element } from './dom.js';

/** Wires both forms. `call(path, init)` asks the control API; `say()` gives words and formats. */
export function createForms({ call, say, refresh }) {
  const kind = byId('purge-kind');
  const relabel = () => {
    const { words } = say();
    const chosen = kind.value === '' ? 'urls' : kind.value;
    const options = Object.entries(words.purgeKind).map(([value, text]) =>
      element('option', { value }, text),
    );
    kind.replaceChildren(...options);
    kind.value = chosen;
    byId('receipt').replaceChildren();
    byId('explanation').replaceChildren();
    delete byId('explanation').dataset.key;
  };
  kind.addEventListener('change', () => {
    const isAll = kind.value === 'everything';
    byId('purge-value-label').hidden = isAll;
    byId('purge-sure-label').hidden = !isAll;
    byId('purge-sure').checked = false;
    byId('receipt').replaceChildren();
  });
  byId('purge').addEventListener('submit', (event) => {
    event.preventDefault();
    void purge({ call, say, refresh, isDry: event.submitter?.value !== 'purge' });
  });
  byId('explain').addEventListener('submit', (event) => {
    event.preventDefault();
    void explain({ call, say });
  });
  return { relabel };
}

const problem = (text) => element('p', { class: 'problem' }, text);

async function purge({ call, say, refresh, isDry }) {
  const { words, formats } = say();
  const receipt = byId('receipt');
  const kind = byId('purge-kind').value;
  const value = byId('purge-value').value.trim();
  const isAll = kind === 'everything';
  if (!isAll && value === '') {
    receipt.replaceChildren(problem(words.valueMissing));
    byId('purge-value').focus();
    return;
  }
  if (isAll && !isDry && !byId('purge-sure').checked) {
    receipt.replaceChildren(problem(words.sureMissing));
    byId('purge-sure').focus();
    return;
  }
  const body = {
    ...(isAll ? { everything: true } : { [kind]: [value] }),
    soft: byId('purge-soft').checked,
    dry_run: isDry,
  };
  const answer = await call('/purge', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) {
    receipt.replaceChildren(problem(answer.detail));
    return;
  }
  receipt.replaceChildren(...receiptOf(answer.body, { words, formats, isDry }));
  byId('purge-sure').checked = false;
  if (!isDry) refresh();
}

function receiptOf({ matched, instances, took_ms }, { words, formats, isDry }) {
  const title = isDry ? words.receiptDry : words.receiptDone;
  const rows = [
    [words.receipt.matched, formats.whole(matched)],
    ...(isDry
      ? []
      : [[words.receipt.instances, `${instances.acknowledged} ${words.receipt.of} ${instances.known}`]]),
    [words.receipt.took, code(`${took_ms} ms`)],
  ];
  const list = element(
    'dl',
    {},
    ...rows.flatMap(([name, text]) => [element('dt', {}, name), element('dd', {}, text)]),
  );
  const warning = matched === 0 ? element('p', { class: 'warning' }, words.nothing) : undefined;
  return [element('p', { class: 'receipt-title' }, title), list, ...(warning ? [warning] : [])];
}

async function explain({ call, say }) {
  const { words } = say();
  const place = byId('explanation');
  const query = new URLSearchParams({
    method: byId('explain-method').value,
    url: byId('explain-url').value.trim(),
  });
  const answer = await call(`/explain?${query}`);
  delete place.dataset.key;
  if (!answer.ok) {
    place.replaceChildren(problem(answer.detail));
    return;
  }
  const { summary, steps } = answer.body;
  const table = element('div');
  drawTable(table, {
    label: words.explainTitle,
    empty: '',
    rows: steps,
    columns: [
      { title: words.step, cell: ({ step }) => code(step) },
      {
        title: words.decision,
        wide: true,
        cell: ({ text }) => element('bdi', { dir: 'ltr', lang: 'en' }, text),
      },
    ],
  });
  place.replaceChildren(
    element('p', { class: 'summary' }, element('bdi', { dir: 'ltr', lang: 'en' }, summary)),
    table,
  );
}
