/** Which page of the dashboard is shown: `#trust`, or the overview. The token is in memory only, so all are one document. */

import { byId } from './dom.js';

/** Wires the links. */
export function createPages({ onTurn }) {
  let current = 'overview';
  const isTrust = () => current === 'trust';

  const turn = () => {
    const asked = location.hash.slice(1);
    // Links within a page have others.
    if (asked === 'overview' || asked === 'trust') current = asked;
    byId('board').dataset.page = current;
    for (const link of byId('pages').children) {
      if (link.hash === `#${current}`) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
  };
  window.addEventListener('hashchange', () => {
    turn();
    onTurn();
  });
  turn();
  return { isTrust };
}
