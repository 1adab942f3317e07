/** The page on trust: what shadow predicts, what the audit has found, how far a rollout has got, and what is in quarantine. */

import { byId, code, drawTable, element } from './dom.js';
import { drawCards } from './panels.js';
import { may } from './roles.js';
import { createJudged } from './judged-panel.js';

/** The reports are made anew for each answer. */
const everyMs = 10_000;

const sources = {
  shadow: '/api/cache/shadow',
  audit: '/api/cache/stale',
  rollout: '/api/cache/rollout',
  quarantine: '/api/cache/quarantine',
};

/** `refresh` asks if it is time to; `draw` draws what came last. `holder()`: who has signed in. */
export function createTrust({ call, say, holder }) {
  let reports;
  let askedAt = -Infinity;
  /** The route whose lifting is to be confirmed. */
  let asked;

  const judged = ['shadow', 'audit'].map((name) => createJudged({ name, redraw: draw }));

  function draw() {
    if (reports === undefined) return;
    const { shadow, audit, rollout, quarantine } = reports;
    const said = say();
    drawCards(byId('trust-cards'), cardsOf(reports, said));
    drawQuarantine(quarantine.routes, { ...said, asked, mayLift: may(holder(), 'admin') });
    drawRollouts(rollout.rollouts, said);
    judged[0].draw(shadow, said);
    judged[1].draw(audit, said);
  }

  async function refresh({ now = false } = {}) {
    if (!now && performance.now() - askedAt < everyMs) return;
    askedAt = performance.now();
    const answers = await Promise.all(Object.values(sources).map((path) => call(path)));
    // Signed out meanwhile, or not answered: what came last stays.
    if (holder() === undefined || answers.some(({ ok }) => !ok)) return;
    reports = Object.fromEntries(Object.keys(sources).map((name, index) => [name, answers[index].body]));
    draw();
  }

  async function lift(route) {
    asked = asked === route ? undefined : route;
    if (asked !== undefined) {
      draw();
      return;
    }
    const answer = await call('/api/cache/quarantine/lift', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ route }),
    });
    byId('lift-problem').textContent = answer.ok ? '' : say().words.problem(answer, 'value');
    await refresh({ now: true });
  }

  byId('quarantine').addEventListener('click', ({ target }) => {
    const route = target.closest('[data-lift]')?.dataset.lift;
    if (route !== undefined) void lift(route);
  });
  return {
    draw,
    refresh,
    forget: () => {
      reports = undefined;
      asked = undefined;
      askedAt = -Infinity;
      for (const id of ['trust-cards', 'lift-needs', 'lift-problem']) byId(id).replaceChildren();
      for (const place of byId('trust-page').querySelectorAll('[data-key]')) {
        place.replaceChildren();
        delete place.dataset.key;
      }
    },
  };
}

function cardsOf({ shadow, audit, rollout, quarantine }, { words, formats }) {
  const { trust } = words;
  const { total, would_store: store } = shadow;
  return [
    {
      id: 'predicted',
      label: trust.predictedHitRate,
      value: total === null || total.reads === 0 ? '–' : formats.percent(total.hit_rate),
      note: trust.readsInShadow(formats.whole(total?.reads ?? 0)),
    },
    {
      id: 'would-save',
      label: trust.wouldSave,
      value: total === null ? '–' : formats.seconds(total.saved_seconds),
      note: trust.wouldStore(formats.whole(store.entries), formats.bytes(store.bytes)),
    },
    staleCard('stale-in-shadow', trust.staleInShadow, total, { trust, formats }),
    staleCard('stale-in-audit', trust.staleInAudit, audit.total, { trust, formats }),
    cachedCard(rollout, { trust, formats }),
    {
      id: 'in-quarantine',
      label: trust.inQuarantine,
      value: formats.whole(quarantine.routes.length),
      note: quarantine.routes.length === 0 ? words.good : trust.quarantined,
      look: quarantine.routes.length === 0 ? 'good' : 'bad',
    },
  ];
}

function staleCard(id, label, counts, { trust, formats }) {
  if (counts === null || counts.compared === 0) return { id, label, value: '–', note: trust.nothingCompared };
  const { stale_share: share, stale_interval: interval } = counts;
  return {
    id,
    label,
    value: formats.finePercent(share),
    note: trust.between(formats.range(interval)).join(''),
    look: share === 0 ? 'good' : share < 0.01 ? 'medium' : 'bad',
  };
}

/** Of the rollout that has got least far. */
function cachedCard({ mode, rollouts }, { trust, formats }) {
  const card = { id: 'cached', label: trust.cached };
  if (mode === 'shadow') return { ...card, value: formats.percent(0), note: trust.cachedBy.shadow };
  if (rollouts.length === 0) return { ...card, value: formats.percent(1), note: trust.cachedBy.all };
  const { scope, name, percent, set } = rollouts.reduce((one, other) =>
    other.percent < one.percent ? other : one,
  );
  const isRolledBack = set !== null && set.why !== null;
  const of = `${trust.scopes[scope]}${name === null ? '' : ` \u2066${name}\u2069`}`;
  return {
    ...card,
    value: formats.percent(percent / 100),
    note: isRolledBack ? `${of}: ${trust.cachedBy.rolledBack}` : of,
    look: isRolledBack ? 'bad' : undefined,
  };
}

function drawQuarantine(routes, { words, formats, asked, mayLift }) {
  const { trust } = words;
  const button = ({ route }) =>
    element(
      'button',
      { type: 'button', class: asked === route ? 'danger quiet' : 'quiet', 'data-lift': route },
      asked === route ? trust.liftSure : trust.lift,
    );
  drawTable(byId('quarantine'), {
    label: trust.quarantine,
    empty: trust.noQuarantine,
    rows: routes,
    columns: [
      { title: trust.route, wide: true, cell: ({ route }) => code(route) },
      { title: words.type, cell: ({ type }) => code(type) },
      { title: trust.reason, wide: true, cell: ({ reason }) => trust.reasons[reason] ?? code(reason) },
      { title: words.since, cell: ({ at }) => formats.moment(at) },
      {
        title: trust.where,
        wide: true,
        cell: ({ target, places }) => element('span', { class: 'list' }, ...[target, ...places].map(code)),
      },
      ...(mayLift ? [{ title: trust.action, cell: button }] : []),
    ],
  });
  byId('lift-needs').replaceChildren(...(mayLift ? [] : trust.liftNeeds(code('admin'))));
}

function drawRollouts(rollouts, { words, formats }) {
  const { trust } = words;
  const ofMany = (part, of) =>
    part === undefined ? '–' : trust.ofMany(formats.whole(part), formats.whole(of));
  drawTable(byId('rollout'), {
    label: trust.rollout,
    empty: trust.noRollout,
    rows: rollouts,
    columns: [
      {
        title: trust.scope,
        cell: ({ scope, name }) =>
          element('span', {}, trust.scopes[scope], ...(name === null ? [] : [' ', code(name)])),
      },
      { title: trust.percent, number: true, cell: ({ percent }) => formats.percent(percent / 100) },
      { title: trust.inFile, number: true, cell: (row) => formats.percent(row.file_percent / 100) },
      { title: trust.setBy, wide: true, cell: ({ set }) => setCell(set, { trust, formats }) },
      {
        title: trust.staleOf,
        number: true,
        cell: ({ evidence }) => ofMany(evidence?.stale, evidence?.compared),
      },
      {
        title: trust.errorsOf,
        number: true,
        cell: ({ evidence }) => ofMany(evidence?.errors, evidence?.answers),
      },
    ],
  });
}

function setCell(set, { trust, formats }) {
  if (set === null) return trust.byFile;
  const at = formats.moment(set.at);
  if (set.why === null) return element('span', {}, ...trust.setAt(code(set.by), at));
  return element(
    'span',
    { class: 'list' },
    element('span', { class: 'rate bad' }, trust.rolledBackAt(at)),
    element('small', {}, trust.whyText(set.why)),
  );
}
