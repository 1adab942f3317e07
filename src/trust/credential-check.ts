/**
 * Is a `public` page the same for everybody? Now and then one that is asked for with credentials is asked for as the store
 * would ask, and once more with the credentials. Where these differ beyond noise, time after time, the route goes into quarantine.
 *
 * Promises: the two requests differ in the credentials only, so that a language or a theme makes no false alarm; a difference
 * counts when it is there ten times again at once, with no write between; each route is checked once a minute at most, however many URLs it has.
 */

import { combinedValue, withoutFields } from '../http/fields.ts';
import { formatCookies } from '../http/cookies.ts';
import type { Fields } from '../http/message.ts';
import { BoundedMap } from '../kit/bounded-map.ts';
import type { Clock, EpochMs } from '../kit/time.ts';
import type { Identity } from '../policy/identity/identity.ts';
import type { CacheExchange } from '../proxy/exchange/exchange.ts';
import { fetchFields } from '../proxy/exchange/upstream-fields.ts';
import { maskTarget } from '../watch/count/mask-target.ts';
import type { AskAgain } from './ask-again.ts';
import { compareBodies, type Difference } from './compare-bodies.ts';
import { maskSecrets } from './mask-secrets.ts';
import { beyondNoise, type Noise, noiseOf } from './noise.ts';
import type { NoiseBook } from './noise-book.ts';
import type { Quarantined, QuarantineReason } from './quarantine.ts';
import type { WholeAnswer } from './recorded-answer.ts';
import { urlPattern } from './url-pattern.ts';
import type { WritesSeen } from './writes-seen.ts';

export type CredentialCheckOptions = {
  readonly clock: Clock;
  readonly askAgain: AskAgain;
  readonly noise: NoiseBook;
  readonly writes: Pick<WritesSeen, 'count'>;
  readonly onFound: (exchange: CacheExchange, quarantined: Quarantined) => void;
};

type Known = Extract<Identity, { kind: 'known' }>;
/** What came with credentials, and without. */
type Pair = { readonly own: WholeAnswer; readonly everybodys: WholeAnswer };

const mostRoutes = 1000;
const everyMs = 60_000;
/** So often in a row it differs again: of a page that shows one of two banners by chance, that happens in one of 2^21 checks. */
const confirmations = 10;
/** Writes may disturb it. */
const mostAsked = 40;

/** Checks public pages. */
export class CredentialCheck {
  readonly #options: CredentialCheckOptions;
  readonly #checkedAt = new BoundedMap<string, EpochMs>(mostRoutes);

  constructor(options: CredentialCheckOptions) {
    this.#options = options;
  }

  /** Checks if it is time to. Returns at once. */
  consider(exchange: CacheExchange): void {
    const { match, identity, now } = exchange;
    if (match.route === undefined || identity.kind !== 'known' || !this.isDue(exchange)) return;
    const route = match.route.pattern;
    this.#checkedAt.set(route, now);
    void this.#check(exchange, { identity, pattern: urlPattern(exchange.target), route });
  }

  /** Whether a request would be checked. */
  isDue({
    match,
    identity,
    request,
    now,
  }: Pick<CacheExchange, 'match' | 'identity' | 'request' | 'now'>): boolean {
    const { contentType, route } = match;
    const isPublic = contentType.kind === 'rule' && contentType.scope === 'public';
    if (!isPublic || route === undefined || identity.kind !== 'known' || request.method !== 'GET')
      return false;
    const before = this.#checkedAt.get(route.pattern);
    return before === undefined || now - before >= everyMs;
  }

  async #check(
    exchange: CacheExchange,
    { identity, pattern, route }: { identity: Known; pattern: string; route: string },
  ): Promise<void> {
    const { clock, onFound } = this.#options;
    const first = await this.#ask(exchange, identity);
    // An error says that nobody is logged in, and may repeat what a client has made up.
    if (first === undefined || first.own.status >= 400) return;
    const tell = (reason: QuarantineReason, places: readonly Difference[]): void => {
      const at = clock.now();
      const names = places.slice(0, 5).map(({ name }) => maskSecrets(name));
      const where = {
        route,
        contentType: exchange.match.contentType.name,
        target: maskTarget(exchange.target),
      };
      onFound(exchange, { ...where, reason, at, places: names });
    };
    if (echoes(first, exchange, identity)) {
      tell('session-echo', []);
      return;
    }
    if (isSame(first)) return;
    const found = await this.#personalPlaces(exchange, { identity, pattern, first });
    if (found === undefined) return;
    const names = found.some(({ copy }) => namesOf(identity).some((name) => copy.includes(name)));
    tell(names ? 'names-its-reader' : 'differs-by-identity', found);
  }

  /** What differs with credentials, time after time; `undefined`: nothing for certain. */
  async #personalPlaces(
    exchange: CacheExchange,
    { identity, pattern, first }: { identity: Known; pattern: string; first: Pair },
  ): Promise<readonly Difference[] | undefined> {
    const { writes, noise, clock } = this.#options;
    let [previous, again] = [first, 0];
    for (let asked = 0; asked < mostAsked; asked += 1) {
      const before = writes.count;
      const next = await this.#ask(exchange, identity);
      if (next === undefined) return undefined;
      const isDisturbed = writes.count !== before;
      const pairs = [previous, next] as const;
      previous = next;
      again = isDisturbed ? 0 : again + 1;
      if (isDisturbed) continue;
      const found = personalPlaces(pairs, noise.of(pattern, clock.now()));
      if (found === undefined || again === confirmations) return found;
    }
    return undefined;
  }

  async #ask(exchange: CacheExchange, identity: Known): Promise<Pair | undefined> {
    const { askAgain } = this.#options;
    const { target } = exchange;
    const fields = fetchFields(exchange, []);
    const everybodys = await askAgain.ask(exchange, { target, fields });
    const own = await askAgain.ask(exchange, { target, fields: withCredentials(fields, exchange, identity) });
    if (own === undefined || everybodys === undefined) return undefined;
    return Math.max(own.status, everybodys.status) >= 500 || own.status === 429
      ? undefined
      : { own, everybodys };
  }
}

function withCredentials(
  fields: Fields,
  { request }: CacheExchange,
  { cookies, tokenFields }: Known,
): string[] {
  const kept = withoutFields(fields, credentialFields);
  if (cookies.length > 0) kept.push('Cookie', formatCookies(cookies));
  if (request.known.authorization !== undefined) kept.push('Authorization', request.known.authorization);
  return [...kept, ...tokenFields];
}

const credentialFields: ReadonlySet<string> = new Set(['cookie', 'authorization']);

const shortestSecret = 16;

/** Whether a page has a credential that it has only for who sends it: a client may send what is in the page anyway. */
function echoes({ own, everybodys }: Pair, { request }: CacheExchange, known: Known): boolean {
  const token = request.known.authorization?.replace(/^\S+ +/, '') ?? '';
  const fields = known.tokenFields.filter((_, at) => at % 2 === 1);
  const secrets = [...known.cookies.map(({ value }) => value), ...fields, token];
  return secrets.some(
    (value) => value.length >= shortestSecret && own.body.includes(value) && !everybodys.body.includes(value),
  );
}

const isSame = ({ own, everybodys }: Pair): boolean =>
  own.status === everybodys.status && own.body.equals(everybodys.body);

type Compared = readonly Difference[] | 'same' | 'somewhere';

function compared(one: WholeAnswer, other: WholeAnswer): Compared {
  const status: Difference = { name: '/status', copy: String(one.status), now: String(other.status) };
  if (one.status !== other.status) return [status];
  const found = compareBodies(one.body, other.body, combinedValue(one.fields, 'content-type') ?? '');
  if (found.kind === 'same') return 'same';
  return found.places.length === 0 ? 'somewhere' : found.places;
}

/** What differs with credentials, both times; `undefined`: nothing for certain. */
function personalPlaces(
  [first, second]: readonly [Pair, Pair],
  known: readonly Noise[],
): readonly Difference[] | undefined {
  const noises = [compared(first.own, second.own), compared(first.everybodys, second.everybodys)];
  const differences = [compared(first.own, first.everybodys), compared(second.own, second.everybodys)];
  if (differences.includes('same')) return undefined;
  // Where nobody knows what differs, it must be the same bytes both times.
  if (differences.includes('somewhere')) return noises.every((noise) => noise === 'same') ? [] : undefined;
  const noise = [...known, ...noises.flatMap((places) => (Array.isArray(places) ? noiseOf(places) : []))];
  if (noises.includes('somewhere')) return undefined;
  const left = differences.map((places) => (Array.isArray(places) ? beyondNoise(places, noise) : []));
  return left.every((places) => places.length > 0) ? left[1] : undefined;
}

const shortestName = 3;

/** What the claims of an identity call its owner. */
function namesOf({ claims, user }: Known): readonly string[] {
  const named = Object.entries(claims ?? {}).filter(([key]) => /user|name|mail|login/i.test(key));
  const names = [user, ...named.map(([, value]) => value)];
  return names.filter((name): name is string => typeof name === 'string' && name.length >= shortestName);
}
