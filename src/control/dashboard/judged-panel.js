/** Copies compared with what the app gives: of shadow and of the audit, by type, route or URL pattern; examples, and noise. */

import { byId, code, drawTable, element } from './dom.js';

const groups = { shadow: ['types', 'routes', 'patterns'], audit: ['types', 'routes', 'patterns', 'ages'] };

/** Wires the choice of `shadow` or `audit`; `draw` draws its report. */
export function createJudged({ name, redraw }) {
  const choice = byId(`${name}-by`);
  let chosen = 'types';
  choice.addEventListener('click', ({ target }) => {
    if (target.dataset.by === undefined) return;
    chosen = target.dataset.by;
    redraw();
  });

  function drawChoice({ trust }) {
    if (choice.children.length === 0)
      choice.append(
        ...groups[name].map((by) => element('button', { type: 'button', class: 'quiet', 'data-by': by })),
      );
    for (const button of choice.children) {
      button.textContent = trust.byKind[button.dataset.by];
      button.setAttribute('aria-pressed', String(button.dataset.by === chosen));
    }
  }

  return {
    draw: (report, { words, formats }) => {
      drawChoice(words);
      drawCounts(byId(name), { name, rows: report[chosen], by: chosen, report }, { words, formats });
      drawExamples(byId(`${name}-examples`), report.examples, { words, formats });
      if (name !== 'shadow') return;
      drawNoise(report.noise, words);
      drawShared(report.same_for_all, { words, formats });
    },
  };
}

function drawCounts(place, { name, rows, by, report }, { words, formats }) {
  const { trust } = words;
  const whole = (key) => (row) => formats.whole(row[key]);
  const ofShadow = [
    { title: trust.reads, number: true, cell: whole('reads') },
    {
      title: trust.predictedHitRate,
      number: true,
      cell: (row) => shareCell(row.hit_rate, row.hit_interval, { of: row.reads, formats }),
    },
    { title: trust.saved, number: true, cell: (row) => formats.seconds(row.saved_seconds) },
  ];
  drawTable(place, {
    label: trust[name],
    empty: name === 'shadow' ? trust.noShadow : report.sample === 0 ? trust.auditOff : trust.noAudit,
    rows,
    columns: [
      {
        title: trust.byKind[by],
        wide: true,
        cell: (row) => (by === 'ages' ? trust.ageOf(row.name) : code(row.name)),
      },
      ...(name === 'shadow' ? ofShadow : []),
      { title: trust.compared, number: true, cell: whole('compared') },
      { title: trust.stale, number: true, cell: (row) => staleCell(row, formats) },
      { title: trust.noise, number: true, cell: whole('noise') },
      { title: trust.unjudged, cell: (row) => unjudgedCell(row.unjudged, { trust, formats }) },
      ...(name === 'audit' && (by === 'types' || by === 'routes')
        ? [{ title: trust.advice, cell: ({ advice }) => trust.advices[advice] }]
        : []),
    ],
  });
}

function shareCell(share, interval, { of, formats, look }) {
  if (of === 0) return '–';
  return element(
    'span',
    { class: 'list end' },
    element('span', look === undefined ? {} : { class: `rate ${look}` }, formats.finePercent(share)),
    element('small', {}, formats.range(interval)),
  );
}

const staleCell = ({ stale_share: share, stale_interval: interval, compared }, formats) =>
  shareCell(share, interval, { of: compared, formats, look: share === 0 ? 'good' : 'bad' });

function unjudgedCell(unjudged, { trust, formats }) {
  const reasons = Object.entries(unjudged).filter(([, count]) => count > 0);
  if (reasons.length === 0) return '–';
  return element(
    'span',
    { class: 'list' },
    ...reasons.map(([reason, count]) =>
      element('span', {}, trust.unjudgedReasons[reason] ?? code(reason), ` ${formats.whole(count)}`),
    ),
  );
}

function drawExamples(place, examples, { words, formats }) {
  const { trust } = words;
  drawTable(place, {
    label: trust.examples,
    empty: trust.noExamples,
    rows: examples,
    columns: [
      {
        title: trust.page,
        wide: true,
        cell: ({ target, type, at }) =>
          element(
            'span',
            { class: 'list' },
            code(target),
            element('small', {}, code(type), ` · ${formats.moment(at)}`),
          ),
      },
      { title: trust.copyAge, number: true, cell: (row) => formats.seconds(row.age_seconds) },
      { title: trust.cause, wide: true, cell: (row) => causeCell(row, trust) },
      { title: trust.differs, wide: true, cell: ({ differs }) => differsCell(differs, trust) },
    ],
  });
}

const causeCell = ({ cause, writes }, trust) =>
  element(
    'span',
    { class: 'list' },
    trust.causes[cause] ?? code(cause),
    ...writes.map(({ method, pattern }) => element('small', {}, code(`${method} ${pattern}`))),
  );

function differsCell(differs, trust) {
  if (differs.length === 0) return trust.unknownPlace;
  return element(
    'div',
    { class: 'differs', dir: 'ltr' },
    ...differs.flatMap(({ at, copy, now }) => [
      element('span', { class: 'code at' }, at),
      element('del', { class: 'code' }, copy),
      element('ins', { class: 'code' }, now),
    ]),
  );
}

function drawNoise(noise, { trust }) {
  drawTable(byId('shadow-noise'), {
    label: trust.noises,
    empty: trust.noNoise,
    rows: noise,
    columns: [
      { title: trust.byKind.patterns, wide: true, cell: ({ pattern }) => code(pattern) },
      { title: trust.kind, cell: ({ kind }) => trust.noiseKinds[kind] ?? code(kind) },
      { title: trust.place, wide: true, cell: ({ at }) => code(at) },
    ],
  });
}

function drawShared(routes, { words, formats }) {
  const { trust } = words;
  const doubtsOf = ({ doubts }) =>
    doubts.length === 0
      ? element('span', { class: 'rate good' }, trust.certain)
      : element(
          'span',
          { class: 'list' },
          ...doubts.map((doubt) => element('span', {}, trust.doubts[doubt] ?? code(doubt))),
        );
  drawTable(byId('shadow-shared'), {
    label: trust.shared,
    empty: trust.noShared,
    rows: routes,
    columns: [
      { title: trust.route, wide: true, cell: ({ route }) => code(route) },
      { title: words.type, cell: ({ type }) => code(type) },
      { title: trust.people, number: true, cell: ({ people }) => formats.whole(people) },
      { title: trust.answers, number: true, cell: ({ answers }) => formats.whole(answers) },
      { title: trust.savedADay, number: true, cell: (row) => formats.whole(row.fetches_saved_per_day) },
      { title: trust.inDoubt, wide: true, cell: doubtsOf },
    ],
  });
}
