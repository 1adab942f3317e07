/** What the token may do. What its scopes do not allow is hidden, and a line says what is missing; the server refuses it too. */

import { byId, code, element } from './dom.js';

/** Whether the holder of a token has a scope. */
export const may = (holder, scope) =>
  holder !== undefined && (holder.scopes.includes('admin') || holder.scopes.includes(scope));

/** Shows what the holder may use. */
export function showRole(holder, { words }) {
  const lacking = Object.keys(words.lacks).filter((scope) => !may(holder, scope));
  for (const place of document.querySelectorAll('[data-needs]')) {
    place.hidden = lacking.includes(place.dataset.needs);
  }
  const lines = lacking.map((scope) =>
    element('p', {}, ...words.lacks[scope](code(holder.name), code(scope))),
  );
  byId('role').replaceChildren(...lines);
  byId('role').hidden = lines.length === 0;
}
