/** A second, slower implementation of RFC 9111 §3 to §4.2 and §5.2: from the facts of an exchange, not from its fields. */

export type Facts = {
  readonly status: number;
  readonly flags: readonly string[];
  readonly maxAge: number | undefined;
  readonly sMaxage: number | undefined;
  readonly staleWhileRevalidate: number | undefined;
  /** Seconds from the time of receipt; likewise `date`. */
  readonly expires: number | undefined;
  readonly date: number | undefined;
  readonly modifiedAgo: number | undefined;
  readonly age: number | undefined;
  readonly delay: number;
  readonly hasTag: boolean;
  readonly variesOnAll: boolean;
  readonly authorization: boolean;
  readonly requestNoStore: boolean;
  /** Of the second request. */
  readonly asks: readonly string[];
  readonly askMaxAge: number | undefined;
  readonly askMinFresh: number | undefined;
  readonly askMaxStale: number | undefined;
  /** Seconds between receipt and the second request. */
  readonly after: number;
};

export type Verdict = 'not-stored' | 'fresh' | 'stale' | 'validate' | 'must-not-forward';

const byDefault = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501];
const unknown = [299, 499, 599];

/** What becomes of the second request. */
export function judge(facts: Facts): Verdict {
  const lifetime = lifetimeOf(facts);
  if (!isStored(facts, lifetime)) return 'not-stored';
  const apparentAge = facts.date === undefined ? 0 : Math.max(0, -facts.date);
  const age = Math.max(apparentAge, (facts.age ?? 0) + facts.delay) + facts.after;
  if (mayUse(facts, age, lifetime.seconds)) return age < lifetime.seconds ? 'fresh' : 'stale';
  return facts.asks.includes('only-if-cached') ? 'must-not-forward' : 'validate';
}

type Lifetime = { readonly seconds: number; readonly explicit: boolean };

function lifetimeOf(facts: Facts): Lifetime {
  if (facts.sMaxage !== undefined) return { seconds: facts.sMaxage, explicit: true };
  if (facts.maxAge !== undefined) return { seconds: facts.maxAge, explicit: true };
  const date = facts.date ?? 0;
  if (facts.expires !== undefined) return { seconds: Math.max(0, facts.expires - date), explicit: true };
  const mayGuess = byDefault.includes(facts.status) || facts.flags.includes('public');
  if (!mayGuess || facts.modifiedAgo === undefined) return { seconds: 0, explicit: false };
  return { seconds: Math.min(86_400, Math.max(0, date + facts.modifiedAgo) / 10), explicit: false };
}

function isStored(facts: Facts, lifetime: Lifetime): boolean {
  const says = (flag: string): boolean => facts.flags.includes(flag);
  if (says('must-understand') && unknown.includes(facts.status)) return false;
  if (says('no-store') && !says('must-understand')) return false;
  if (facts.requestNoStore || says('private') || facts.variesOnAll) return false;
  if (facts.authorization && !says('public') && !says('must-revalidate') && facts.sMaxage === undefined)
    return false;
  if (!lifetime.explicit && !says('public') && !byDefault.includes(facts.status)) return false;
  const useful = facts.hasTag || facts.modifiedAgo !== undefined || (facts.staleWhileRevalidate ?? 0) > 0;
  return useful || lifetime.seconds > 0;
}

function mayUse(facts: Facts, age: number, lifetime: number): boolean {
  const says = (flag: string): boolean => facts.flags.includes(flag);
  const isFresh = age < lifetime;
  const staleness = age - lifetime;
  const anyStale = facts.asks.includes('max-stale');
  const maxStale = anyStale ? Infinity : facts.askMaxStale;
  if (says('no-cache') || facts.asks.includes('no-cache')) return false;
  const reload = says('immutable') && isFresh;
  if (facts.askMaxAge !== undefined && !reload) {
    if (age > facts.askMaxAge + (maxStale ?? 0)) return false;
    // A reload reaches the origin, also in the second the response came in.
    if (facts.askMaxAge === 0 && maxStale === undefined) return false;
  }
  if (facts.askMinFresh !== undefined && lifetime - age < facts.askMinFresh) return false;
  if (isFresh) return true;
  if (says('must-revalidate') || says('proxy-revalidate') || facts.sMaxage !== undefined) return false;
  if (maxStale !== undefined && staleness <= maxStale) return true;
  const window = facts.staleWhileRevalidate ?? 0;
  return window > 0 && staleness <= window && (facts.askMaxAge === undefined || maxStale !== undefined);
}
