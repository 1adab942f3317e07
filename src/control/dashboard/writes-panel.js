/** The table of needless invalidation: what each write rule ended, and what of that came back the same. */

import { byId, code, drawTable, element } from './dom.js';

/** Draws it. */
export function drawWrites(writes, { words, formats }) {
  drawTable(byId('writes'), {
    label: words.needless,
    empty: words.noWrites,
    rows: writes,
    columns: [
      { title: words.writeRule, wide: true, cell: (row) => writeCell(row, { words, formats }) },
      { title: words.ended, number: true, cell: ({ ended }) => formats.whole(ended) },
      { title: words.askedAgain, number: true, cell: (row) => formats.whole(row.asked_again) },
      { title: words.sameBytes, number: true, cell: ({ same }) => formats.whole(same) },
    ],
  });
}

function writeCell(row, { words, formats }) {
  const name = row.rule === '(unmatched)' ? words.purgeCauses['unmatched-write'] : code(row.rule);
  const [ended, asked, same] = [row.ended, row.asked_again, row.same].map((n) => ({
    n,
    text: formats.whole(n),
  }));
  return element('span', { class: 'list' }, name, element('small', {}, words.writeText(ended, asked, same)));
}
