/** The advice: what could be changed in the rules, what speaks for it, and its YAML. */

import { byId, drawTable, element } from './dom.js';

/** Evidence comes slowly, and each answer is computed anew. */
const everyMs = 60_000;

/** `refresh` asks if it is time to; `draw` draws what came last. */
export function createAdvice({ call, say }) {
  let advices = [];
  let askedAt = -Infinity;

  function draw() {
    const { words } = say();
    drawTable(byId('advice'), {
      label: words.advice,
      empty: words.noAdvice,
      rows: advices,
      columns: [
        { title: words.adviceWhat, wide: true, cell: (advice) => adviceCell(advice, words) },
        {
          title: words.advicePatch,
          wide: true,
          cell: ({ yaml }) => element('pre', { dir: 'ltr', class: 'yaml' }, yaml),
        },
      ],
    });
  }

  return {
    draw,
    refresh: async () => {
      if (performance.now() - askedAt < everyMs) return;
      askedAt = performance.now();
      const answer = await call('/api/cache/advice');
      if (answer.ok) ({ advices } = answer.body);
      draw();
    },
    forget: () => {
      advices = [];
      askedAt = -Infinity;
    },
  };
}

function adviceCell(advice, words) {
  const reasons = words.adviceReasons(advice).map((reason) => element('small', {}, reason));
  return element('span', { class: 'list' }, element('span', {}, ...words.adviceText(advice)), ...reasons);
}
