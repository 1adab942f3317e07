/**
 * Does a `user` route give everybody the same? It hears of every answer that is stored, or would be, and of every copy that was
 * compared, and holds what different people got of the same page beside each other. (pure)
 *
 * A page may change while people look. When somebody gets another body, those who had the old one must get the new one too: the
 * change is settled when two people have the new one, of whom one had the old one. If the old body comes back, or the change is
 * never settled, the bodies may be two people's own.
 *
 * Promises: whatever is in doubt is counted as a doubt and stays one until the rules change; people are digests of partitions; memory
 * is bounded: 5,000 pages and 10,000 copies by digest (6 MB), 500 routes.
 */

import { BoundedMap } from '../../kit/bounded-map.ts';
import type { EpochMs, Seconds } from '../../kit/time.ts';
import type { Position } from '../../store/purge-log.ts';

/** Why a route cannot be said to give everybody the same. */
export type SharedDoubt =
  | 'differs'
  | 'unsettled'
  | 'sets-cookie'
  | 'private'
  | 'varies-by-person'
  | 'refused'
  | 'too-large'
  | 'write-changes-it'
  | 'few-people'
  | 'few-answers'
  | 'few-pages'
  | 'anonymous-unseen';

/** An answer to one person. */
export type PersonalLook = {
  /** Short, and no other copy's. */
  readonly copy: string;
  readonly contentType: string;
  readonly route: string;
  /** What was asked for, without who asked. */
  readonly page: string;
  readonly url: string;
  readonly target: string;
  readonly person: string;
  /** Of the body, and of it with the fields. */
  readonly body: string;
  readonly digest: string;
  readonly at: EpochMs;
  readonly asOf: Position;
  readonly lifetime: Seconds;
  readonly originSeconds: Seconds;
};

/** By whom a copy was ended since a position: by a purge that would have met everybody's, or one that meets this person's only. */
export type EndedBy = 'nobody' | 'everybodys' | 'own';

/** What was seen of a route. */
export type SharedSeen = {
  readonly contentType: string;
  readonly route: string;
  readonly target: string;
  /** Of the first answer; `undefined`: none yet. */
  since: EpochMs | undefined;
  readonly people: Set<string>;
  /** Answers that were the same bytes as another person's; of them, those to people without credentials. */
  answers: number;
  anonymous: number;
  readonly bodies: Set<string>;
  /** Fetches that another person's copy would have saved. */
  fetches: number;
  originSeconds: number;
  unsettled: number;
  readonly doubts: Set<SharedDoubt>;
};

type Page = {
  readonly route: SharedSeen;
  digest: string;
  before: string | undefined;
  people: Set<string>;
  earlier: Set<string>;
  isUnsettled: boolean;
  asOf: Position;
  freshUntil: number;
};

const most = { pages: 5000, copies: 10_000, routes: 500, people: 8, counted: 1000, bodies: 50 };
/** The partition of requests without credentials. */
const nobody = 'anonymous';

/** What was seen. */
export class SameForAll {
  readonly #routes = new Map<string, SharedSeen>();
  readonly #pages = new BoundedMap<string, Page>(most.pages);
  readonly #copies = new BoundedMap<string, PersonalLook>(most.copies);
  /** URLs that were given, and that were not there for somebody. */
  readonly #found = new BoundedMap<string, true>(most.pages);
  readonly #missing = new BoundedMap<string, true>(most.pages);

  /** An answer is stored, or would be. */
  stored(look: PersonalLook, endedBy: (since: Position) => EndedBy): void {
    const route = this.#routeOf(look);
    if (route === undefined) return;
    route.since ??= look.at;
    this.#copies.set(look.copy, look);
    this.#found.set(look.url, true);
    if (this.#missing.get(look.url) === true) route.doubts.add('refused');
    const page = this.#pages.get(look.page) ?? this.#newPage(look, route);
    const ended = endedBy(page.asOf);
    if (ended === 'own' && page.digest !== look.digest) route.doubts.add('write-changes-it');
    if (look.at < page.freshUntil && ended === 'nobody') {
      route.fetches += 1;
      route.originSeconds += look.originSeconds;
    } else {
      page.freshUntil = look.at + look.lifetime * 1000;
    }
    page.asOf = look.asOf;
    sees(page, look);
  }

  /** A copy was compared, and is what its person gets now. */
  isStillRight(copy: string, at: EpochMs, fetchedAt: EpochMs): void {
    const look = this.#copies.get(copy);
    const page = look && this.#pages.get(look.page);
    if (look?.at === fetchedAt && page !== undefined) sees(page, { ...look, at });
  }

  /** What an answer says of itself, or what became of one. */
  doubts(of: Pick<PersonalLook, 'contentType' | 'route' | 'target'>, doubt: SharedDoubt): void {
    this.#routeOf(of)?.doubts.add(doubt);
  }

  /** A page was not there for somebody: if others got it, that is a doubt. */
  isMissing(of: Pick<PersonalLook, 'contentType' | 'route' | 'target' | 'url'>): void {
    this.#missing.set(of.url, true);
    if (this.#found.get(of.url) === true) this.doubts(of, 'refused');
  }

  seen(): readonly SharedSeen[] {
    return [...this.#routes.values()];
  }

  /** Other rules are in force. */
  forget(): void {
    this.#routes.clear();
    this.#pages.clear();
    this.#copies.clear();
  }

  #newPage({ page, digest, asOf }: PersonalLook, route: SharedSeen): Page {
    const made = { route, digest, before: undefined, asOf, freshUntil: 0, isUnsettled: false };
    const created: Page = { ...made, people: new Set(), earlier: new Set() };
    this.#pages.set(page, created);
    return created;
  }

  #routeOf({
    contentType,
    route,
    target,
  }: Pick<PersonalLook, 'contentType' | 'route' | 'target'>): SharedSeen | undefined {
    const id = `${contentType}\n${route}`;
    const known = this.#routes.get(id);
    if (known !== undefined || this.#routes.size >= most.routes) return known;
    const counts = { answers: 0, anonymous: 0, fetches: 0, originSeconds: 0, unsettled: 0 };
    const sets = { people: new Set<string>(), bodies: new Set<string>(), doubts: new Set<SharedDoubt>() };
    const seen = { contentType, route, target, since: undefined, ...counts, ...sets };
    this.#routes.set(id, seen);
    return seen;
  }
}

/** Somebody gets a page. */
function sees(page: Page, { person, digest, body }: PersonalLook): void {
  const { route } = page;
  if (route.people.size < most.counted) route.people.add(person);
  if (digest !== page.digest) {
    changes(page, { person, digest });
    return;
  }
  const others = page.people.size - (page.people.has(person) ? 1 : 0);
  if (page.people.size < most.people) page.people.add(person);
  if (others === 0) return;
  route.answers += 1;
  if (person === nobody || (page.people.has(nobody) && others === 1)) route.anonymous += 1;
  if (route.bodies.size < most.bodies) route.bodies.add(body);
  if (page.isUnsettled && [...page.people].some((one) => page.earlier.has(one))) {
    page.isUnsettled = false;
    route.unsettled -= 1;
  }
}

/** Another body than before: everybody's new one, or only this person's? */
function changes(page: Page, { person, digest }: Pick<PersonalLook, 'person' | 'digest'>): void {
  const { route } = page;
  if (digest === page.before || page.isUnsettled) route.doubts.add('differs');
  page.earlier = page.people;
  page.before = page.digest;
  page.digest = digest;
  page.people = new Set([person]);
  // Who has had the old body has seen the page change; others may have one of their own.
  if (page.isUnsettled || page.earlier.has(person)) return;
  page.isUnsettled = true;
  route.unsettled += 1;
}
