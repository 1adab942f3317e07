/** The span of the charts: live ones come with every update; older ones are made of the report's hours. */

import { byId } from './dom.js';

const dayMs = 86_400_000;
/** Hours change slowly, and to read them is work. */
const everyMs = 60_000;

/** Wires the choice. `live()`: the span to ask an update for; `series(overview)`: what to draw, or `undefined` for not yet. */
export function createRange({ call, redraw }) {
  const day = byId('day');
  let span = '10m';
  let past;

  const choose = (chosen) => {
    span = chosen;
    for (const button of byId('spans').querySelectorAll('button'))
      button.setAttribute('aria-pressed', String(button.dataset.span === span));
    past = boundsOf(span, day.value, Date.now()) === undefined ? undefined : { askedAt: -everyMs };
    redraw();
  };
  byId('spans').addEventListener('click', ({ target }) => {
    if (target.dataset.span === undefined) return;
    day.value = '';
    choose(target.dataset.span);
  });
  day.addEventListener('change', () => choose(day.value === '' ? '10m' : 'day'));

  const ask = async (asked) => {
    const answer = await call(
      `/api/cache/hours?${new URLSearchParams(boundsOf(span, day.value, Date.now()))}`,
    );
    // Another span has been chosen meanwhile.
    if (past !== asked || !answer.ok) return;
    past.answer = answer.body;
    redraw();
  };
  return {
    live: () => (past === undefined ? span : '10m'),
    reset: () => {
      if (past !== undefined) past = { askedAt: -everyMs };
    },
    series: (overview) => {
      if (past === undefined) return overview.series;
      if (performance.now() - past.askedAt >= everyMs) {
        past.askedAt = performance.now();
        void ask(past);
      }
      return past.answer?.series;
    },
  };
}

/** Of days that are over; `undefined` for a live span. A day is that of this browser's time zone. */
function boundsOf(span, day, now) {
  const between = (from, to) => ({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });
  if (span === 'day') {
    const from = new Date(`${day}T00:00`);
    return between(from, new Date(from.getFullYear(), from.getMonth(), from.getDate() + 1));
  }
  const days = { '7d': 7, '35d': 35 }[span];
  return days === undefined ? undefined : between(now - days * dayMs, now);
}
