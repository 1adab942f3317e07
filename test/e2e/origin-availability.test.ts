/**
 * An unreliable origin, compared with a simple model without a breaker: every request that would be answered is, and no
 * answer is older than the rule allows.
 */
import fc from 'fast-check';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { type Site, startSite } from '../helpers/scripted-site.ts';
import { ShiftedClock } from '../helpers/shifted-clock.ts';

const lifetime = 10;
const windows = { wide: 600, narrow: 20, none: 0 } as const;
type Place = keyof typeof windows;

const rules = `
ttl: { jitter: 0, min: 1s }
content_types:
  wide: { ttl: ${lifetime}s, scope: public, cache_control: override, stale_if_error: ${windows.wide}s }
  narrow: { ttl: ${lifetime}s, scope: public, cache_control: override, stale_if_error: ${windows.narrow}s }
  none: { ttl: ${lifetime}s, scope: public, cache_control: override, stale_if_error: ${windows.none}s }
routes:
  - { match: GET /wide/*, type: wide }
  - { match: GET /narrow/*, type: narrow }
  - { match: GET /none/*, type: none }
`;

/** How the origin is. `gone`: nothing listens. */
type Mood = 'well' | 'busy' | 'resetting' | 'malformed' | 'gone';

type Step =
  | { readonly kind: 'mood'; readonly mood: Mood }
  | { readonly kind: 'pass'; readonly seconds: number }
  | { readonly kind: 'ask'; readonly place: Place; readonly page: number; readonly times: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('mood' as const), mood: moods() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      seconds: fc.constantFrom(0.3, 0.6, 2, 6, 12, 40),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      place: fc.constantFrom<Place>('wide', 'narrow', 'none'),
      page: fc.integer({ min: 1, max: 3 }),
      times: fc.integer({ min: 1, max: 4 }),
    }),
  },
);

function moods(): fc.Arbitrary<Mood> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant<Mood>('well') },
    { weight: 4, arbitrary: fc.constantFrom<Mood>('busy', 'resetting', 'malformed', 'gone') },
  );
}

/** Plays the steps; says what was not as expected. */
class Play {
  readonly #site: Site;
  readonly #clock: ShiftedClock;
  readonly #port: number;
  #mood: Mood = 'well';
  /** When a page was last known to be stored, by its path. */
  readonly #storedAt = new Map<string, number>();
  opened = 0;

  constructor(site: Site, clock: ShiftedClock) {
    this.#site = site;
    this.#clock = clock;
    this.#port = (site.origin.address() as AddressInfo).port;
    site.answerWith(({ url = '', socket }, response) => {
      if (this.#mood === 'busy') response.writeHead(503).end('busy');
      else if (this.#mood === 'resetting') socket.destroy();
      else if (this.#mood === 'malformed') socket.end('what is this\r\n\r\n');
      else response.end(`${url} ${this.#now()}`);
    });
  }

  #now(): number {
    return this.#clock.now() / 1000;
  }

  async run(one: Step): Promise<string | undefined> {
    switch (one.kind) {
      case 'mood':
        await this.#change(one.mood);
        return undefined;
      case 'pass':
        this.#clock.advance(one.seconds);
        return undefined;
      case 'ask': {
        const path = `/${one.place}/${one.page}`;
        for (let count = 0; count < one.times; count += 1) {
          const wrong = await this.#ask(path, windows[one.place]);
          if (wrong !== undefined) return wrong;
        }
        return undefined;
      }
      default:
        return one satisfies never;
    }
  }

  async #change(mood: Mood): Promise<void> {
    const { origin } = this.#site;
    if (mood === 'gone' && origin.listening) {
      origin.closeAllConnections();
      await new Promise((resolve) => origin.close(resolve));
    } else if (mood !== 'gone' && !origin.listening) {
      await new Promise<void>((resolve) => origin.listen(this.#port, '127.0.0.1', resolve));
    }
    this.#mood = mood;
  }

  async #ask(path: string, window: number): Promise<string | undefined> {
    const askedAt = this.#now();
    const storedAt = this.#storedAt.get(path) ?? -Infinity;
    const response = await fetch(this.#site.url + path);
    const [of, at] = (await response.text()).split(' ');
    const isOpen = !this.#site.proxy.services.origin.health.isClosed;
    if (isOpen) this.opened += 1;
    const where = `${path}, origin ${this.#mood}, breaker ${isOpen ? 'open' : 'closed'}: ${response.status}`;
    // A second's grace at the end of a window: time passes while the test asks.
    const hasCopy = askedAt - storedAt < lifetime + window - 1;
    if ((this.#mood === 'well' || hasCopy) && response.status !== 200)
      return `${where}, and there was an answer`;
    if (response.status !== 200) return response.status >= 500 ? undefined : where;
    if (of !== path) return `${where}: of ${of ?? ''}`;
    const age = this.#now() - Number(at);
    // While all is well nothing stale is given at all; in trouble, and until that is known to be over, up to the window.
    if (age > lifetime + window + 1) return `${where}: ${age} s old`;
    this.#storedAt.set(path, Math.max(storedAt, Number(at)));
    return undefined;
  }
}

t.test('every request that succeeds without the breaker succeeds with it', async (t) => {
  let opened = 0;
  const property = fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 60 }), async (steps) => {
    const clock = new ShiftedClock();
    const site = await startSite(rules, { clock });
    const play = new Play(site, clock);
    try {
      for (const one of steps) {
        const wrong = await play.run(one);
        if (wrong !== undefined) throw new Error(wrong);
      }
    } finally {
      opened += play.opened;
      await site.close();
    }
  });
  await fc.assert(property, { numRuns: 12, endOnFailure: true });
  t.ok(opened > 50, `${opened} requests were made with the breaker open`);
});
