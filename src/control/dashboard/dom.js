/**
 * Elements from data. Text is only ever set as text: nothing that came from a URL or an answer can become markup.
 */

/**
 * Makes an element. `attributes`: `class`, `dir`, `aria-…` and the like as attributes; `undefined` leaves one out.
 * `children`: elements or text.
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

/** The element of an id; there is always one. */
export const byId = (id) => document.getElementById(id);

/** Text that keeps its own direction (URLs, tags, names) whatever is around it. */
export const code = (text) => element('bdi', { dir: 'ltr', class: 'code', title: text }, text);

/** A URL that the dashboard explains when it is clicked. */
export const explained = (url, { explainDo }) =>
  element(
    'button',
    { type: 'button', class: 'link', title: explainDo, 'data-explain': url },
    element('bdi', { dir: 'ltr', class: 'code' }, url),
  );

/** A word of the proxy in the words of a list; one that is in no list as it is. */
export const worded = (list, word) => list[word] ?? code(word);

/**
 * A table that scrolls by itself. `columns`: `{ title, cell(row), number, wide }`. Drawn anew only when what it shows has
 * changed, so that a selection and a place scrolled to stay.
 */
export function drawTable(place, { label, columns, rows, empty }) {
  const shown = rows.map((row) => columns.map(({ cell }) => cell(row)));
  const key = JSON.stringify([
    label,
    columns.map(({ title }) => title),
    shown.map((cells) =>
      cells.map((cell) => (cell instanceof Node ? cell.textContent + cell.className : cell)),
    ),
  ]);
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  if (rows.length === 0) {
    place.replaceChildren(element('p', { class: 'empty' }, empty));
    return;
  }
  const classOf = ({ number, wide }) => (number ? 'number' : wide ? 'wide' : undefined);
  const head = columns.map((column) => element('th', { scope: 'col', class: classOf(column) }, column.title));
  const body = shown.map((cells) =>
    element(
      'tr',
      {},
      ...cells.map((cell, index) => element('td', { class: classOf(columns[index]) }, cell ?? '–')),
    ),
  );
  const table = element(
    'table',
    { 'aria-label': label },
    element('thead', {}, element('tr', {}, ...head)),
    element('tbody', {}, ...body),
  );
  const scroller = place.querySelector('.scroller');
  if (scroller) replaceTable(scroller, table);
  else
    place.replaceChildren(
      element('div', { class: 'scroller', tabindex: '0', role: 'group', 'aria-label': label }, table),
    );
}

/** A control that has the focus keeps it. */
function replaceTable(scroller, table) {
  const { activeElement } = document;
  const held = scroller.contains(activeElement) ? subjectOf(activeElement) : undefined;
  scroller.setAttribute('aria-label', table.getAttribute('aria-label'));
  scroller.replaceChildren(table);
  if (held === undefined) return;
  const same = [...scroller.querySelectorAll('button')].find((one) => subjectOf(one) === held);
  (same ?? scroller).focus();
}

/** What a control in a table acts on. */
const subjectOf = ({ dataset }) => dataset.explain ?? dataset.lift;
