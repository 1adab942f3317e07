/**
 * People read CodeBot at their own pace: some 40 s between pages, each page with what its scripts ask for and post, now and then a
 * write. Everything is compared with what the app would answer at that moment.
 */

import type { Browser, Codebot } from './codebot-browser.ts';
import { costOf, proxyMs } from './codebot-cost.ts';

/** Without a cache, with this one, and with the perfect one. */
export type Compared = readonly [app: number, proxy: number, perfect: number];

export type DayFigures = {
  /** What people and scripts read. */
  readonly reads: number;
  readonly hits: number;
  /** What a cache would answer that asks again only when the body has changed for whoever asks. */
  readonly perfect: number;
  readonly writes: number;
  readonly beacons: number;
  readonly wrong: readonly string[];
  /** Of reads, by the model. */
  readonly meanMs: Compared;
  readonly p95Ms: Compared;
  /** Of reads, writes and beacons. */
  readonly calls: Compared;
  /** What reached the app. */
  readonly reached: readonly string[];
  /** Each read, in order; `isChanged`: a perfect cache would have asked too. */
  readonly each: readonly DayRead[];
};

export type DayRead = {
  readonly target: string;
  readonly ms: number;
  readonly isHit: boolean;
  readonly isChanged: boolean;
};

/** `hours`: from when to when somebody reads, in the time of the clock's day. */
export type DayPlan = {
  readonly users: readonly number[];
  readonly hours: readonly (readonly [number, number])[];
};

type Person = {
  readonly user: number;
  readonly one: Browser;
  files: string[];
  theme: string;
  readonly random: () => number;
};
type Log = {
  readonly asked: string[];
  readonly times: Compared[];
  readonly each: DayRead[];
  readonly seen: Map<string, string>;
  hits: number;
  perfect: number;
  /** Database calls that the perfect cache avoids. */
  avoided: number;
  writes: number;
  beacons: number;
};

/** Plays the hours one after the other, everybody in each. */
export async function playDay(site: Codebot, { users, hours }: DayPlan): Promise<DayFigures> {
  const { origin, clock } = site;
  // Ninety beacons an hour are more than the app takes.
  origin.hourlyLimit = Infinity;
  const people: Person[] = [];
  for (const user of users) people.push(await arrive(site, user));
  const log: Log = {
    asked: [],
    times: [],
    each: [],
    seen: new Map(),
    hits: 0,
    perfect: 0,
    avoided: 0,
    writes: 0,
    beacons: 0,
  };
  const before = origin.seen.length;
  const midnight = clock.now();
  for (const [from, to] of hours) {
    clock.advance((midnight + from * 3_600_000 - clock.now()) / 1000);
    while (clock.now() < midnight + to * 3_600_000) {
      for (const person of people) {
        await visit(site, person, log);
        clock.advance(40 / people.length);
      }
    }
  }
  return figuresOf(log, {
    reached: origin.seen.slice(before),
    wrong: people.flatMap(({ one }) => one.wrong),
  });
}

/** Somebody with eight files, a collection and a login. */
async function arrive({ origin, browser, clock }: Codebot, user: number): Promise<Person> {
  const { model } = origin;
  const names = ['notes.md', 'tool.py', 'plan.md', 'bot.py', 'app.js', 'style.css', 'readme.md', 'old.sql'];
  const files = names.map(
    (name) => model.save(user, name, { text: name, nowMs: clock.now() - 86_400_000 }).id,
  );
  model.collections.push({ id: `c${user}`, owner: user, name: 'best', names: ['tool.py'], token: undefined });
  const one = browser();
  await one.logIn(user);
  return { user, one, files, theme: 'classic', random: randomFrom(user) };
}

/** A page, or a form that is filled in and sent and the page that it leads to. */
async function visit(site: Codebot, person: Person, log: Log): Promise<void> {
  const write = writeFor(person);
  if (write === undefined) {
    await read(person, log, pageFor(person));
    return;
  }
  const { one } = person;
  const { form, target, fields, value = {} } = write;
  if (form !== undefined) await read(person, log, form);
  log.writes += 1;
  log.asked.push(`POST ${target}`);
  const { location } = await (fields === undefined ? one.send(target, value) : one.post(target, fields));
  if (location === undefined) return;
  // A save makes a new version with a new id.
  person.files = site.origin.model.listOf(person.user).map(({ id }) => id);
  await read(person, log, location);
}

/** A page, what its scripts ask for, and the beacon on leaving it. */
async function read(person: Person, log: Log, page: string): Promise<void> {
  const { one } = person;
  const path = page.replace(/\?.*/, '');
  const scripts = [
    '/api/me',
    `/api/v1/announcements/active?path=${path}`,
    '/api/sticky-notes/reminders/summary',
  ];
  for (const target of [page, ...scripts]) noteRead(log, person, { target, shown: await one.look(target) });
  const place = { last_url: page, scroll_y: log.beacons, timestamp: log.beacons };
  await one.send('/api/ui_prefs', { work_state: place });
  log.asked.push('POST /api/ui_prefs');
  log.beacons += 1;
}

function noteRead(
  log: Log,
  { user }: Person,
  { target, shown }: { target: string; shown: Awaited<ReturnType<Browser['look']>> },
): void {
  const who = target.startsWith('/api/v1/announcements') || target.startsWith('/snippets') ? 'all' : user;
  const name = `${who} ${target}`;
  const isSame = log.seen.get(name) === shown.right;
  log.seen.set(name, shown.right);
  if (shown.isHit) log.hits += 1;
  const { ms, calls } = costOf(`GET ${target}`);
  if (isSame) {
    log.perfect += 1;
    log.avoided += calls;
  }
  log.asked.push(`GET ${target}`);
  const timeOf = (isHit: boolean): number => (isHit ? proxyMs : ms + proxyMs);
  log.times.push([ms, timeOf(shown.isHit), timeOf(isSame)]);
  log.each.push({ target, ms, isHit: shown.isHit, isChanged: !isSame });
}

type Weighted = readonly (readonly [weight: number, of: (person: Person) => string])[];

/** Newer files are opened more often. */
function someFile({ files, random }: Person): string {
  return files[Math.floor(random() ** 2 * files.length)] ?? '';
}

const pages: Weighted = [
  [20, () => '/files'],
  [12, () => '/dashboard'],
  [3, () => '/dashboard?no_cache=1'],
  [24, (person) => `/file/${someFile(person)}`],
  [12, (person) => `/md/${someFile(person)}`],
  [6, () => '/read/notes.md'],
  [6, () => '/collections'],
  [3, ({ user }) => `/collections/c${user}`],
  [4, () => '/settings'],
  [3, () => '/trash'],
  [3, () => '/snippets'],
  [2, () => '/files?page=2'],
];

function pageFor(person: Person): string {
  let left = person.random() * pages.reduce((sum, [weight]) => sum + weight, 0);
  const found = pages.find(([weight]) => {
    left -= weight;
    return left < 0;
  });
  return found?.[1](person) ?? '/files';
}

type Write = {
  readonly form?: string;
  readonly target: string;
  readonly fields?: Record<string, string>;
  readonly value?: object;
};

/** About one for sixty pages, as in the day that was measured at the app. */
function writeFor(person: Person): Write | undefined {
  const { random } = person;
  if (random() > 1 / 60) return undefined;
  const which = random();
  const [file, text] = [someFile(person), `changed ${random()}`];
  if (which < 0.4) return { form: `/edit/${file}`, target: `/edit/${file}`, fields: { code: text } };
  if (which < 0.6) return { target: `/api/favorite/toggle/${file}` };
  if (which < 0.75) return { target: `/api/bookmarks/${file}/toggle` };
  if (which < 0.85)
    return { form: '/upload', target: '/upload', fields: { name: `new-${text.slice(-4)}.py`, code: text } };
  if (which < 0.95) return { target: `/api/collections/c${person.user}/items`, value: { name: 'bot.py' } };
  person.theme = person.theme === 'dark' ? 'classic' : 'dark';
  return { target: '/api/ui_prefs', value: { theme: person.theme } };
}

function figuresOf(
  { asked, times, each: reads, hits, perfect, avoided, writes, beacons }: Log,
  { reached, wrong }: Pick<DayFigures, 'reached' | 'wrong'>,
): DayFigures {
  const each = (of: (ms: readonly number[]) => number): Compared => [
    of(times.map(([app]) => app)),
    of(times.map(([, proxy]) => proxy)),
    of(times.map(([, , best]) => best)),
  ];
  const callsOf = (all: readonly string[]): number => all.reduce((sum, one) => sum + costOf(one).calls, 0);
  const calls = callsOf(asked);
  return {
    ...{ reads: times.length, hits, perfect, writes, beacons, wrong, reached, each: reads },
    meanMs: each((ms) => ms.reduce((sum, one) => sum + one, 0) / ms.length),
    p95Ms: each((ms) => ms.toSorted((a, b) => a - b)[Math.floor(ms.length * 0.95)] ?? 0),
    calls: [calls, callsOf(reached), calls - avoided],
  };
}

/** The same numbers for the same person each time (a linear congruential generator, as in Numerical Recipes). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
