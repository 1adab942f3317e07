/**
 * The dashboard: sign-in, language, theme, and an update every five seconds.
 *
 * Promises: the token is kept in this module's memory only, never in storage, a URL or the page; what is drawn is text.
 */

import { createAdvice } from './advice-panel.js';
import { createCharts } from './charts.js';
import { byId } from './dom.js';
import { createSearch } from './entries-panel.js';
import { formatsOf } from './formats.js';
import { createForms } from './forms.js';
import { drawPanels } from './panels.js';
import { createRange } from './range.js';
import { createPages } from './pages.js';
import { may, showRole } from './roles.js';
import { createTrust } from './trust-page.js';
import { wordsOf } from './words.js';

const everyMs = 5000;
const themes = ['auto', 'light', 'dark'];

const state = {
  token: undefined,
  holder: undefined,
  language: remembered('language', ['he', 'en']),
  theme: remembered('theme', themes),
  overview: undefined,
  timer: undefined,
  answer: { ok: true },
};

/** A choice kept from before, if it is one of those there are; else the first. */
function remembered(name, choices) {
  try {
    const kept = localStorage.getItem(`shelflife.${name}`);
    return choices.includes(kept) ? kept : choices[0];
  } catch {
    // Storage may be forbidden: then the choice lasts as long as the tab.
    return choices[0];
  }
}

function remember(name, value) {
  try {
    localStorage.setItem(`shelflife.${name}`, value);
  } catch {
    // As above.
  }
}

const say = () => ({ words: wordsOf(state.language), formats: formatsOf(state.language) });

const charts = createCharts();
const advice = createAdvice({ call, say });
const forms = createForms({ call, say, refresh: () => void update() });
const range = createRange({
  call,
  redraw: () => {
    draw();
    if (state.overview !== undefined) void update();
  },
});
const trust = createTrust({ call, say, holder: () => state.holder });
const pages = createPages({
  onTurn: () => {
    draw();
    if (state.overview !== undefined) refreshPage();
  },
});
const relabelSearch = createSearch({ call, say });

/** Asks the control API; `{ ok, status, body, detail }`, never rejected. */
async function call(path, init = {}) {
  try {
    const response = await fetch(path, {
      ...init,
      headers: { ...init.headers, authorization: `Bearer ${state.token ?? ''}` },
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.timeout(15_000),
    });
    const body = await response.json();
    return { ok: response.ok, status: response.status, body, detail: body.detail ?? response.statusText };
  } catch {
    return { ok: false, status: 0, body: undefined, detail: say().words.unreachable };
  }
}

async function update() {
  clearTimeout(state.timer);
  const token = state.token;
  if (!may(state.holder, 'read')) return;
  const answer = await call(`/api/cache/overview?span=${range.live()}`);
  // Signed out, or in anew, while it was under way.
  if (state.token !== token) return;
  if (answer.status === 401) {
    leave(say().words.wrongToken);
    return;
  }
  if (answer.ok) {
    state.overview = answer.body;
    draw();
    refreshPage();
  }
  connection(answer);
  state.timer = setTimeout(() => void update(), everyMs);
}

/** Asks for what the page shows beside the overview. */
function refreshPage() {
  if (pages.isTrust()) void trust.refresh();
  else void advice.refresh();
}

function draw() {
  if (state.overview === undefined) return;
  drawPanels(state.overview, say());
  trust.draw();
  // Hidden charts have no size.
  if (pages.isTrust()) return;
  advice.draw();
  const series = range.series(state.overview);
  if (series !== undefined) charts.draw(series, say());
}

function connection(answer) {
  const { words } = say();
  state.answer = answer;
  const place = byId('connection');
  const text = answer.ok ? words.live : answer.status === 429 ? words.tooMany : words.unreachable;
  place.hidden = false;
  place.className = `connection ${answer.ok ? 'up' : 'down'}`;
  if (place.textContent !== text) place.textContent = text;
}

async function enter(event) {
  event.preventDefault();
  const { words } = say();
  const field = byId('token');
  state.token = field.value.trim();
  // What cannot be in a header cannot be the token.
  const answer = /^[\x21-\x7e]+$/.test(state.token)
    ? await call('/api/cache/token')
    : { ok: false, status: 401 };
  if (!answer.ok) {
    const text =
      answer.status === 401 ? words.wrongToken : answer.status === 429 ? words.tooMany : words.unreachable;
    leave(text);
    field.select();
    return;
  }
  field.value = '';
  state.holder = answer.body;
  showRole(state.holder, say());
  byId('sign-in').hidden = true;
  byId('board').hidden = false;
  byId('leave').hidden = false;
  byId('pages').hidden = false;
  byId('main').focus();
  await update();
}

function leave(text) {
  clearTimeout(state.timer);
  state.token = undefined;
  state.holder = undefined;
  state.overview = undefined;
  range.reset();
  advice.forget();
  trust.forget();
  byId('sign-in').hidden = false;
  byId('board').hidden = true;
  byId('leave').hidden = true;
  byId('pages').hidden = true;
  byId('connection').hidden = true;
  byId('sign-in-problem').textContent = text;
  byId('token').focus();
}

function applyLanguage() {
  const { words } = say();
  const root = document.documentElement;
  root.lang = state.language;
  root.dir = state.language === 'he' ? 'rtl' : 'ltr';
  document.title = words.title;
  for (const place of document.querySelectorAll('[data-word]')) place.textContent = words[place.dataset.word];
  for (const place of document.querySelectorAll('[data-trust]'))
    place.textContent = words.trust[place.dataset.trust];
  for (const place of document.querySelectorAll('[data-label]')) {
    place.setAttribute('aria-label', words[place.dataset.label]);
  }
  const button = byId('language');
  button.textContent = words.other;
  button.lang = state.language === 'he' ? 'en' : 'he';
  byId('theme').textContent = words.theme[state.theme];
  if (!byId('connection').hidden) connection(state.answer);
  if (state.holder !== undefined) showRole(state.holder, say());
  forms.relabel();
  relabelSearch();
  charts.rebuild();
  draw();
}

function applyTheme() {
  if (state.theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = state.theme;
  byId('theme').textContent = say().words.theme[state.theme];
  charts.rebuild();
  draw();
}

byId('sign-in').addEventListener('submit', (event) => void enter(event));
byId('leave').addEventListener('click', () => leave(''));
byId('language').addEventListener('click', () => {
  state.language = state.language === 'he' ? 'en' : 'he';
  remember('language', state.language);
  applyLanguage();
});
byId('theme').addEventListener('click', () => {
  state.theme = themes[(themes.indexOf(state.theme) + 1) % themes.length];
  remember('theme', state.theme);
  applyTheme();
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', applyTheme);

applyTheme();
applyLanguage();
byId('token').focus();
