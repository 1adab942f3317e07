/** The purge form with its receipt, and the box that explains a request. */

import { byId, code, drawTable, element } from './dom.js';

/** Wires both forms. `call(path, init)` asks the control API; `say()` gives words and formats. */
export function createForms({ call, say, refresh }) {
  const kind = byId('purge-kind');
  /** What was answered last, to be said again in another language. */
  const last = {};
  const relabel = () => {
    const { words } = say();
    const chosen = kind.value === '' ? 'urls' : kind.value;
    const options = Object.entries(words.purgeKind).map(([value, text]) =>
      element('option', { value }, text),
    );
    kind.replaceChildren(...options);
    kind.value = chosen;
    showReceipt(last.purge, say());
    showExplanation(last.explain, say());
  };
  kind.addEventListener('change', () => {
    const isAll = kind.value === 'everything';
    byId('purge-value-label').hidden = isAll;
    byId('purge-sure-label').hidden = !isAll;
    byId('purge-sure').checked = false;
    last.purge = undefined;
    byId('receipt').replaceChildren();
  });
  byId('purge').addEventListener('submit', (event) => {
    event.preventDefault();
    void purge({ call, say, refresh, last, isDry: event.submitter?.value !== 'purge' });
  });
  byId('explain').addEventListener('submit', (event) => {
    event.preventDefault();
    void explain({ call, say, last });
  });
  byId('board').addEventListener('click', ({ target }) => {
    const url = target.closest('[data-explain]')?.dataset.explain;
    if (url === undefined) return;
    byId('explain-method').value = 'GET';
    byId('explain-url').value = url;
    byId('explain-url').focus();
    void explain({ call, say, last });
  });
  return { relabel };
}

const problem = (text) => element('p', { class: 'problem' }, text);

async function purge({ call, say, refresh, last, isDry }) {
  const { words } = say();
  last.purge = undefined;
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
  last.purge = { answer, isDry, form: kind === 'urls' || kind === 'prefixes' ? 'url' : 'value' };
  showReceipt(last.purge, say());
  if (!answer.ok) return;
  byId('purge-sure').checked = false;
  if (!isDry) refresh();
}

function showReceipt(shown, { words, formats }) {
  const receipt = byId('receipt');
  if (shown === undefined) receipt.replaceChildren();
  else if (!shown.answer.ok) receipt.replaceChildren(problem(words.problem(shown.answer, shown.form)));
  else receipt.replaceChildren(...receiptOf(shown.answer.body, { words, formats, isDry: shown.isDry }));
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

async function explain({ call, say, last }) {
  const method = byId('explain-method').value;
  const url = byId('explain-url').value.trim();
  const ask = (scheme) => call(`/explain?${new URLSearchParams({ method, url: scheme + url })}`);
  let answer = await ask(isBare(url) ? 'http://' : '');
  // A copy of the same URL with https has another key.
  if (isBare(url) && answer.body?.verdict?.kind === 'forwarded') {
    const secure = await ask('https://');
    if (secure.body?.verdict?.kind === 'hit') answer = secure;
  }
  last.explain = answer;
  showExplanation(answer, say());
}

/** As the tables show URLs: `host/path`. */
const isBare = (url) => /^[\w.:[\]-]+\//.test(url) && !/^https?:/.test(url);

function showExplanation(answer, { words }) {
  const place = byId('explanation');
  if (answer === undefined) return;
  if (!answer.ok) {
    place.replaceChildren(problem(words.problem(answer, 'url')));
    return;
  }
  const { steps } = answer.body;
  const table = element('div');
  drawTable(table, {
    label: words.explainTitle,
    empty: '',
    rows: steps,
    columns: [
      { title: words.step, cell: ({ step }) => words.stepNames[step] ?? code(step) },
      {
        title: words.decision,
        wide: true,
        cell: (step) => element('span', { class: 'sentence' }, ...words.stepText(step)),
      },
    ],
  });
  place.replaceChildren(element('p', { class: 'summary' }, ...words.verdictText(answer.body)), table);
}
