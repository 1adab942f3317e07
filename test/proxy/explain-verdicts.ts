/** Compares an explanation of an exchange with what the proxy did. */
import type { EntryView } from '../../src/explain/describe-entry.ts';
import type { Explanation } from '../../src/explain/explain.ts';
import type { ExplainStep } from '../../src/explain/explain-request.ts';
import type { Outcome } from '../../src/proxy/exchange/outcome.ts';
import type { Entry } from '../../src/store/store.ts';

/** What could be seen of an exchange from outside and from inside. */
export type Seen = {
  readonly status: number;
  /** Our member of Cache-Status. */
  readonly fate: string | undefined;
  /** `undefined`: it was refused before it was anybody's. */
  readonly outcome: Outcome | undefined;
  /** What the origin was asked, in order. */
  readonly asked: readonly {
    readonly method: string;
    readonly target: string;
    readonly names: readonly string[];
  }[];
  /** What came into the store, as `GET /entries` shows it. */
  readonly stored: readonly { readonly entry: Entry; readonly view: EntryView | undefined }[];
  /** Tags of what had been current and was purged now, with the cause; tags of what was current and stayed so. */
  readonly ended: readonly { readonly tags: readonly string[]; readonly cause: string }[];
  readonly left: readonly (readonly string[])[];
};

type Facts = ExplainStep['facts'];

/** Every difference between the two, in words; none when the explanation was right. */
export function differences(explanation: Explanation, seen: Seen): string[] {
  const facts = (name: ExplainStep['step']): Facts | undefined =>
    explanation.steps.find(({ step }) => step === name)?.facts;
  const found: string[] = [];
  const same = (what: string, said: unknown, was: unknown): void => {
    const [one, other] = [JSON.stringify(said ?? null), JSON.stringify(was ?? null)];
    if (one !== other) found.push(`${what}: explained ${one}, was ${other}`);
  };
  const { outcome } = seen;
  const refusal = explanation.steps.length === 1 ? facts('target') : undefined;
  if (refusal !== undefined || outcome === undefined) {
    same('refused with', refusal?.['status'], seen.status);
    same('refused', refusal !== undefined, outcome === undefined);
    same('the origin asked', 0, seen.asked.length);
    return found;
  }
  same('route', facts('route')?.['pattern'], outcome.route);
  same('content type', facts('content type')?.['name'], outcome.contentType);
  same('pass', facts('pass')?.['reason'], outcome.pass);
  same('doubt', facts('pass')?.['doubt'], outcome.doubt);
  const answer = facts('answer');
  same('kind', answer?.['kind'], outcome.kind);
  same('status', answer?.['status'], seen.status);
  same('Cache-Status', answer?.['cache_status'], seen.fate);
  same('miss', answer?.['miss'], outcome.miss);
  same('purged by', answer?.['purged_by'], outcome.purgedBy);
  identity(facts('identity'), { key: facts('key'), outcome }, same);
  asking(facts('origin'), { seen, outcome }, same);
  storing(explanation, { seen, outcome }, same);
  ending(facts('makes stale'), seen, same);
  return found;
}

/** Fields of the connection between proxy and origin, which are nobody's decision. */
export const ofConnection: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding']);

type Same = (what: string, said: unknown, was: unknown) => void;
type Happened = { readonly seen: Seen; readonly outcome: Outcome };

/** What the key says of who asks is what is said of them. */
function identity(
  said: Facts | undefined,
  { key, outcome }: { key: Facts | undefined; outcome: Outcome },
  same: Same,
): void {
  const isDoubt = said?.['class'] === 'doubt';
  if (isDoubt && outcome.pass === undefined) same('scope in doubt', key?.['scope'], 'public');
  if (outcome.pass === 'identity' && outcome.doubt !== 'unknown-credential')
    same('reason', said?.['reason'], outcome.doubt);
  if (key?.['scope'] !== 'user') return;
  const isKnown = said?.['class'] === 'known';
  same('keyed by', key['partition'], isKnown ? said['partition'] : 'anonymous');
}

function asking(origin: Facts | undefined, { seen, outcome }: Happened, same: Same): void {
  // What a stale hit is renewed with comes behind it.
  const first = outcome.kind === 'hit' ? undefined : seen.asked[0];
  same('the origin asked', origin?.['asked'], first !== undefined);
  if (first === undefined) return;
  same('asked by', origin?.['method'], first.method);
  same('asked for', origin?.['target'], first.target);
  const names = ((origin?.['fields'] ?? []) as readonly string[]).map((name) => name.toLowerCase());
  same('asked with', [...new Set(names)].filter((name) => !ofConnection.has(name)).sort(), first.names);
}

function storing({ steps, summary }: Explanation, { seen, outcome }: Happened, same: Same): void {
  const storing = steps.find(({ step }) => step === 'storing')?.facts;
  const key = steps.find(({ step }) => step === 'key')?.facts;
  const [stored] = seen.stored;
  if (outcome.kind === 'hit') return;
  same('not stored', storing?.['reason'], outcome.notStored);
  same('stored', storing?.['stored'] ?? false, stored !== undefined);
  if (stored === undefined || storing === undefined) return;
  const { entry, view } = stored;
  const lifetime = steps.findLast(({ step }) => step === 'ttl')?.facts['lifetime'];
  const { lifetime: whole, initialAge } = entry.policy;
  // A rule's lifetime is what is left from now on; HTTP's counts from when the origin made the response.
  const isRule = entry.contentType !== 'standard';
  same('lifetime', Math.floor(Number(lifetime)), isRule ? Math.floor(whole - initialAge) : view?.lifetime);
  same(
    'left',
    /(?:stored|freshened,) for (-?\d+) s/.exec(summary)?.[1],
    String(Math.floor(whole - initialAge)),
  );
  const tags = steps.find(({ step }) => step === 'tags')?.facts['tags'];
  same('tags', tags, view?.tags);
  if (key === undefined) return;
  same('partition', key['partition'], view?.partition);
  same('target', key['target'], view?.target);
  same('key', key['digest'], entry.key.slice(0, 16));
}

function ending(facts: Facts | undefined, seen: Seen, same: Same): void {
  const tags = new Set((facts?.['tags'] ?? []) as readonly string[]);
  const causes = (facts?.['causes'] ?? []) as readonly string[];
  for (const ended of seen.ended) {
    same(
      `ended ${ended.tags.join(' ')}`,
      ended.tags.some((tag) => tags.has(tag)),
      true,
    );
    same('cause', causes.includes(ended.cause), true);
  }
  for (const left of seen.left)
    same(
      `left ${left.join(' ')}`,
      left.some((tag) => tags.has(tag)),
      false,
    );
}
