/**
 * The four charts. Time runs from left to right in both languages; the colours are the theme's.
 */

import uPlot from './uplot.js';
import { csvOf, saveCsv, savePng } from './chart-files.js';
import { byId, element } from './dom.js';

const height = 190;
/** Seconds a chart spans at least. */
const shortest = 60;

/** What each chart shows; `bounds` fixes the scale, `scale` turns a value into what is drawn. */
const plans = [
  { title: 'chartHitRate', bounds: [0, 100], unit: '%', lines: [['hitRate', 'hit_rate', '--green', 100]] },
  {
    title: 'chartRequests',
    lines: [
      ['hits', 'hits', '--green', 1],
      ['misses', 'misses', '--red', 1],
      ['passed', 'passes', '--amber', 1],
      ['writes', 'writes', '--blue', 1],
    ],
  },
  {
    title: 'chartLatency',
    unit: ' ms',
    lines: [
      ['originLatency', 'origin_ms', '--red', 1],
      ['hitLatency', 'hit_ms', '--green', 1],
    ],
  },
  {
    title: 'chartMemory',
    unit: ' MB',
    lines: [
      ['resident', 'resident_bytes', '--blue', 1e-6],
      ['store', 'store_bytes', '--green', 1e-6],
    ],
  },
];

/** Makes the charts' places; the function returned draws them. `rebuild` is for another language or theme. */
export function createCharts() {
  let drawn = [];
  const place = byId('charts');
  const resize = new ResizeObserver(() => {
    for (const { plot, frame } of drawn)
      if (frame.clientWidth > 0) plot.setSize({ width: frame.clientWidth, height });
  });

  const rebuild = () => {
    resize.disconnect();
    for (const { plot } of drawn) plot.destroy();
    drawn = [];
    place.replaceChildren();
  };

  const draw = (series, { words, formats }) => {
    if (drawn.length === 0) drawn = plans.map((plan) => build(plan, { words, formats, place, resize }));
    for (const chart of drawn) {
      const columns = chart.plan.lines.map(([, key, , factor]) =>
        series[key].map((value) => (value === null ? null : value * factor)),
      );
      chart.plot.setData([series.at, ...columns]);
      chart.series = series;
      describe(chart, columns, { words, formats });
    }
  };
  return { draw, rebuild };
}

const isKnown = (value) => value !== null && value !== undefined;

/** The newest values, in words, for those who cannot see the lines. */
function describe({ plan, frame, legend, series }, columns, { words, formats }) {
  const texts = plan.lines.map(([name], index) => {
    const last = columns[index].findLast(isKnown);
    const text = last === undefined ? '–' : `${formats.precise(last)}${plan.unit ?? ''}`;
    legend[index].textContent = text;
    return `${words[name]} ${text}`;
  });
  const isOver = series.at.at(-1) < Date.now() / 1000 - 3600;
  const summary = isOver ? words.pastSummary : words.chartSummary;
  frame.setAttribute('aria-label', summary(words[plan.title], texts.join(', ')));
}

function build(plan, { words, formats, place, resize }) {
  const frame = element('div', { class: 'plot', dir: 'ltr', role: 'img' });
  const legend = plan.lines.map(() => element('bdi', { class: 'value', dir: 'ltr' }, '–'));
  const keys = plan.lines.map(([name, , colour], index) =>
    element(
      'li',
      {},
      element('span', { class: `key key${colour}`, 'aria-hidden': 'true' }),
      `${words[name]} `,
      legend[index],
    ),
  );
  const chart = { plan, frame, legend, title: words[plan.title], series: undefined, plot: undefined };
  place.append(
    element(
      'figure',
      {},
      element(
        'div',
        { class: 'chart-head' },
        element('figcaption', {}, words[plan.title]),
        ...['CSV', 'PNG'].map((kind) => saveButton(kind, words[plan.title], () => save(kind, chart))),
      ),
      frame,
      element('ul', { class: 'legend' }, ...keys),
    ),
  );
  chart.plot = new uPlot(optionsOf(plan, { frame, formats }), [[], ...plan.lines.map(() => [])], frame);
  resize.observe(frame);
  return chart;
}

function saveButton(kind, title, onClick) {
  const button = element(
    'button',
    { type: 'button', class: 'quiet', 'aria-label': `${kind}: ${title}` },
    kind,
  );
  button.addEventListener('click', onClick);
  return button;
}

function save(kind, { plan, plot, series, legend, title }) {
  const keys = plan.lines.map(([, key]) => key);
  const name = `shelflife-${keys[0].replace('_', '-')}`;
  if (kind === 'CSV') saveCsv(name, csvOf(series, keys));
  else
    savePng(name, {
      canvas: plot.ctx.canvas,
      title,
      legend: plan.lines.map(([, , colour], index) => ({
        colour,
        text: legend[index].parentElement.textContent,
      })),
      isRightToLeft: document.documentElement.dir === 'rtl',
    });
}

function optionsOf({ lines, bounds, unit }, { frame, formats }) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--soft'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: Math.max(240, frame.clientWidth),
    height,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: {
        time: true,
        range: spanOf,
      },
      y: { range: bounds ? () => bounds : (_plot, _low, high) => [0, high > 0 ? high * 1.1 : 1] },
    },
    axes: [
      {
        ...axis,
        size: 28,
        values: (_plot, splits) => splits.map((seconds) => timeOf(splits, formats)(seconds * 1000)),
        space: 80,
      },
      {
        ...axis,
        size: 52,
        values: (_plot, splits) =>
          splits.map((value) => `${formats.precise(value)}${unit === '%' ? '%' : ''}`),
      },
    ],
    series: [
      {},
      ...lines.map(([, , name]) => ({
        stroke: colour(name),
        width: 2,
        spanGaps: true,
        // A line needs two: until there are, what there is is a point.
        points: { show: (plot, index) => plot.data[index].filter(isKnown).length === 1, size: 6 },
      })),
    ],
  };
}

/** From the first instant to the last, at least the shortest span: of a single one the library would make two days. */
function spanOf({ data: [at] }) {
  const to = at.at(-1) ?? 0;
  return [Math.min(at[0] ?? 0, to - shortest), to];
}

/** Minutes; seconds where minutes would repeat, and days where the hours of several would. */
function timeOf(splits, { exact, clock, date }) {
  const step = splits[1] - splits[0];
  if (step < 60) return exact;
  if (step >= 86_400) return date;
  return splits.at(-1) - splits[0] > 90_000 ? (at) => `${date(at)} ${clock(at)}` : clock;
}
