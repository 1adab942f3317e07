/** Cards and tables: each a function of the overview's data and of the words to say it in. */

import { byId, code, drawTable, element, explained } from './dom.js';
import { drawWrites } from './writes-panel.js';

/** Draws all of them. */
export function drawPanels(overview, say) {
  drawCards(byId('cards'), cardsOf(overview.metrics, say));
  drawTypes(overview.metrics.types, say);
  drawMisses(overview.misses, say);
  drawWrites(overview.writes, say);
  drawHot(overview.hot, say);
  drawPurges(overview.purges, say);
  drawAlerts(overview.alerts, say);
}

/** The guide's bounds: over 80 % is good, over 50 % medium. */
function rating(rate, lookups) {
  if (lookups === 0) return 'none';
  if (rate > 0.8) return 'good';
  return rate > 0.5 ? 'medium' : 'bad';
}

function cardsOf(metrics, { words, formats }) {
  const { redis, origin } = metrics;
  const rated = rating(metrics.hit_rate, metrics.lookups);
  return [
    {
      id: 'hit-rate',
      label: words.hitRate,
      value: metrics.lookups === 0 ? '–' : formats.percent(metrics.hit_rate),
      note: `${words[rated]} · ${words.hitRateOf(formats.whole(metrics.lookups))}`,
      look: rated,
    },
    {
      id: 'total-hits',
      label: words.totalHits,
      value: formats.whole(metrics.total_hits),
      note: words.staleHits(formats.whole(metrics.stale_hits)),
    },
    {
      id: 'total-misses',
      label: words.totalMisses,
      value: formats.whole(metrics.total_misses),
      note: words.passes(formats.whole(metrics.total_passes)),
    },
    {
      id: 'avg-response',
      label: words.avgResponse,
      value: formats.precise(metrics.avg_response_time),
      note: words.last100,
    },
    {
      id: 'saved',
      label: words.saved,
      value: formats.seconds(metrics.saved.origin_seconds),
      note: words.savedBytes(formats.bytes(metrics.saved.bytes)),
    },
    {
      id: 'cache-size',
      label: words.cacheSize,
      value: formats.bytes(metrics.cache_bytes),
      note: words.entriesIn(formats.whole(metrics.cache_entries)),
    },
    {
      id: 'origin',
      label: words.origin,
      value: formats.whole(origin.requests),
      note: words.originErrors(formats.whole(origin.errors), formats.milliseconds(origin.mean_ms / 1000)),
    },
    {
      id: 'redis',
      label: words.redis,
      value: words.redisState[redis.redis],
      note: words.breaker(words.breakerState[redis.breaker]),
      look:
        redis.redis === 'down' || redis.breaker === 'open'
          ? 'bad'
          : redis.redis === 'up'
            ? 'good'
            : undefined,
    },
  ];
}

/** Cards: `{ id, label, value, note, look }`. */
export function drawCards(place, cards) {
  if (place.children.length === 0) place.append(...cards.map(emptyCard));
  for (const { id, label, value, note, look } of cards) {
    const card = byId(`card-${id}`);
    const [labelPlace, valuePlace, notePlace] = card.children;
    for (const [at, text] of [
      [labelPlace, label],
      [valuePlace, value],
      [notePlace, note],
    ]) {
      if (at.textContent !== text) at.textContent = text;
    }
    card.className = `card ${look ?? ''}`;
  }
}

const emptyCard = ({ id }) =>
  element(
    'div',
    { class: 'card', id: `card-${id}`, role: 'group', 'aria-labelledby': `label-${id}` },
    element('p', { class: 'label', id: `label-${id}` }),
    element('p', { class: 'figure', id }),
    element('p', { class: 'note' }),
  );

function drawTypes(types, { words, formats }) {
  drawTable(byId('types'), {
    label: words.types,
    empty: words.noTypes,
    rows: Object.entries(types).map(([name, line]) => ({ name, ...line })),
    columns: [
      { title: words.type, cell: ({ name }) => code(name) },
      { title: words.requests, number: true, cell: ({ requests }) => formats.whole(requests) },
      { title: words.hitRate, number: true, cell: (row) => rateCell(row, formats) },
      {
        title: words.ttlNow,
        number: true,
        cell: (row) => ttlCell(row, { words, formats }),
      },
      {
        title: words.hourFactor,
        number: true,
        cell: ({ hour }) => (hour === null ? '–' : code(`×${hour.factor} ${hour.name}`)),
      },
      {
        title: words.hitTime,
        number: true,
        cell: ({ hits, mean_hit_ms }) => (hits === 0 ? '–' : formats.precise(mean_hit_ms)),
      },
      {
        title: words.missTime,
        number: true,
        cell: ({ misses, mean_miss_ms }) => (misses === 0 ? '–' : formats.precise(mean_miss_ms)),
      },
      { title: words.savedTime, number: true, cell: ({ saved_seconds }) => formats.seconds(saved_seconds) },
    ],
  });
}

function ttlCell({ name, ttl }, { words, formats }) {
  if (ttl !== null) return formats.seconds(ttl);
  return name === 'standard' ? words.byHttp : '–';
}

function rateCell({ name, hits, misses, hit_rate }, formats) {
  const reads = hits + misses;
  if (reads === 0 || name === 'pass') return '–';
  return element('span', { class: `rate ${rating(hit_rate, reads)}` }, formats.percent(hit_rate));
}

function drawMisses({ reasons, urls }, { words, formats }) {
  drawTable(byId('misses'), {
    label: words.missCauses,
    empty: words.noMisses,
    rows: reasons,
    columns: [
      { title: words.cause, wide: true, cell: (row) => reasonCell(row, words) },
      { title: words.count, number: true, cell: ({ count }) => formats.whole(count) },
      { title: words.share, number: true, cell: ({ share }) => formats.percent(share) },
    ],
  });
  drawTable(byId('costly'), {
    label: words.costly,
    empty: words.noMisses,
    rows: urls.slice(0, 10),
    columns: [
      { title: words.url, wide: true, cell: ({ url }) => explained(url, words) },
      { title: words.missCount, number: true, cell: ({ misses }) => formats.whole(misses) },
      {
        title: words.originTime,
        number: true,
        cell: ({ origin_seconds }) => formats.seconds(origin_seconds),
      },
    ],
  });
}

function reasonCell({ cause, reason, clause }, words) {
  const why = reason.slice(cause.length + 1);
  const text = words.causes[cause] ?? code(cause);
  const detail = why === '' ? [] : [': ', ...words.reasonDetail(cause, why)];
  const rule =
    clause === undefined
      ? undefined
      : element('small', {}, element('bdi', { dir: 'ltr', lang: 'en' }, words.clause(clause)));
  return element('span', { class: 'reason' }, text, ...detail, rule);
}

function drawHot(keys, { words, formats }) {
  const audience = (partition) => words[partition] ?? code(partition);
  drawTable(byId('hot'), {
    label: words.hot,
    empty: words.noHot,
    rows: keys,
    columns: [
      { title: words.url, wide: true, cell: ({ url }) => explained(url, words) },
      { title: words.type, cell: ({ type }) => code(type) },
      { title: words.audience, cell: ({ partition }) => audience(partition) },
      { title: words.hitCount, number: true, cell: ({ hits }) => formats.whole(hits) },
      { title: words.savedTime, number: true, cell: ({ saved_seconds }) => formats.seconds(saved_seconds) },
    ],
  });
}

function drawPurges(purges, { words, formats }) {
  drawTable(byId('purges'), {
    label: words.recentPurges,
    empty: words.noPurges,
    rows: purges.slice(0, 20),
    columns: [
      { title: words.time, cell: ({ at }) => formats.exact(at) },
      {
        title: words.cause,
        cell: ({ cause, soft }) =>
          element('span', {}, words.purgeCauses[cause] ?? code(cause), soft ? ` (${words.soft})` : ''),
      },
      {
        title: words.what,
        wide: true,
        cell: (row) => element('span', { class: 'list' }, ...purged(row, words)),
      },
      { title: words.receiptWord, number: true, cell: (row) => receiptCell(row, formats) },
    ],
  });
}

function purged({ what, everything, more }, words) {
  const named = everything ? [words.everything, ...what.slice(1).map(code)] : what.map(code);
  return more > 0 ? [...named, words.more(more)] : named;
}

const receiptCell = ({ instances, took_ms }, formats) =>
  code(
    `${instances ? `${instances.acknowledged}/${instances.known}` : '?'} · ${formats.precise(took_ms)} ms`,
  );

function drawAlerts({ configured, recent, firing }, { words, formats }) {
  const past = recent.filter(({ status }) => status === 'resolved').slice(0, 5);
  const rows = [
    ...configured.map((alert) => ({ ...alert, status: alert.firing ? 'firing' : 'quiet' })),
    ...past.map((notice) => ({ ...notice, since: notice.at, when: whenOf(configured, notice) })),
  ];
  drawTable(byId('alerts'), {
    label: words.alerts,
    empty: words.noAlerts,
    rows,
    columns: [
      {
        title: words.alert,
        wide: true,
        cell: (row) =>
          element(
            'span',
            { class: 'list' },
            code(row.name),
            element('small', {}, ...words.conditionText(row)),
          ),
      },
      {
        title: words.status,
        cell: ({ status }) =>
          element('span', { class: `rate ${status === 'firing' ? 'bad' : 'good'}` }, words[status]),
      },
      { title: words.since, cell: ({ since }) => formats.exact(since) },
    ],
  });
  drawStrip(firing, words);
}

/** The condition of an alert whose notice names it. */
const whenOf = (configured, { name, condition }) =>
  configured.find((alert) => alert.name === name && alert.condition === condition)?.when;

/** What fires, above all else. Drawn anew only when it says something else: it is read out then. */
function drawStrip(firing, words) {
  const strip = byId('alert-strip');
  const lines = firing.map((alert) => element('p', {}, ...words.alertText(alert)));
  const text = lines.map((line) => line.textContent).join('\n');
  strip.hidden = firing.length === 0;
  if (strip.dataset.text === text) return;
  strip.dataset.text = text;
  strip.replaceChildren(...lines);
}
