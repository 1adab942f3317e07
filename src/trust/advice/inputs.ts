/**
 * Which parts of a request change its page: query parameters, and the fields that a rule varies by. It hears of every answer that
 * is stored, or would be, and compares those that differ in one part only and were fetched within ten minutes of each other.
 *
 * Promise: memory is bounded: ten thousand answers by digest (about 3 MB), and 500 parts.
 */

import { parametersOf } from '../../http/query.ts';
import { BoundedMap } from '../../kit/bounded-map.ts';
import { shortHash } from '../../kit/short-hash.ts';
import type { EpochMs } from '../../kit/time.ts';
import type { Fields } from '../../http/message.ts';

/** A stored answer, and what was sent for it. */
export type AnsweredCopy = {
  readonly contentType: string;
  readonly partition: string;
  readonly host: string;
  readonly target: string;
  readonly sent: Fields;
  /** The fields that the rule varies by, in lower case. */
  readonly variedBy: readonly string[];
  /** The values of the cookies that the rule varies by. */
  readonly variedCookies?: Readonly<Record<string, string>>;
  readonly digest: string;
  readonly at: EpochMs;
};

/** What was seen of one part of the requests of a content type. */
export type InputSeen = {
  readonly contentType: string;
  readonly kind: 'query' | 'header' | 'cookie';
  readonly name: string;
  /** Pairs of answers that differ in this part only, with the same body and with another. */
  same: number;
  differ: number;
  readonly values: Set<string>;
  /** Bodies of the pairs with the same: how many different pages were tried. */
  readonly bodies: Set<string>;
  readonly since: EpochMs;
  readonly target: string;
};

/** A field that answers of a content type say they depend on, and how many values of it clients send. */
export type DeclaredVary = {
  readonly contentType: string;
  readonly name: string;
  readonly target: string;
  answers: number;
  readonly values: Set<string>;
};

type Last = { readonly value: string; readonly digest: string; readonly at: EpochMs };
type Part = Pick<InputSeen, 'kind' | 'name'> & { readonly value: string; readonly rest: readonly unknown[] };

const most = { answers: 10_000, parts: 500, parameters: 10, kept: 50, characters: 1000 };
const togetherMs = 600_000;

/** What was seen. */
export class Inputs {
  readonly #last = new BoundedMap<string, Last>(most.answers);
  readonly #seen = new Map<string, InputSeen>();
  readonly #declared = new Map<string, DeclaredVary>();

  stored(copy: AnsweredCopy): void {
    const { contentType, partition, host, digest, at } = copy;
    for (const part of [...queryParts(copy), ...fieldsOf(copy), ...cookiesOf(copy)]) {
      const { kind, name, value, rest } = part;
      const id = shortHash([contentType, partition, host, kind, name, ...rest]);
      const before = this.#last.get(id);
      this.#last.set(id, { value: shortHash([value]), digest, at });
      if (before !== undefined && at - before.at <= togetherMs) this.#compare(copy, part, before);
    }
  }

  /** An answer's `Vary` names a field, of which the client sent this value. */
  declares(
    { contentType, target }: Pick<AnsweredCopy, 'contentType' | 'target'>,
    name: string,
    value: string,
  ): void {
    const id = `${contentType}\n${name}`;
    const known = this.#declared.get(id);
    if (known === undefined && this.#declared.size >= most.parts) return;
    const declared = known ?? { contentType, name, target, answers: 0, values: new Set<string>() };
    this.#declared.set(id, declared);
    declared.answers += 1;
    if (declared.values.size < most.kept) declared.values.add(shortHash([value]));
  }

  declared(): readonly DeclaredVary[] {
    return [...this.#declared.values()];
  }

  seen(): readonly InputSeen[] {
    return [...this.#seen.values()];
  }

  #compare(copy: AnsweredCopy, { kind, name, value }: Part, before: Last): void {
    const { contentType, target, at, digest } = copy;
    const short = shortHash([value]);
    if (short === before.value) return;
    const id = `${contentType}\n${kind}\n${name}`;
    const known = this.#seen.get(id);
    if (known === undefined && this.#seen.size >= most.parts) return;
    const counts = { same: 0, differ: 0, values: new Set<string>(), bodies: new Set<string>() };
    const seen = known ?? { contentType, kind, name, since: at, target, ...counts };
    this.#seen.set(id, seen);
    seen[before.digest === digest ? 'same' : 'differ'] += 1;
    for (const one of [before.value, short]) if (seen.values.size < most.kept) seen.values.add(one);
    if (before.digest === digest && seen.bodies.size < most.kept) seen.bodies.add(digest);
  }
}

/** Each parameter, with the rest of what was sent. */
const queryParts = ({ target, sent }: AnsweredCopy): Part[] =>
  parametersOf(target, most, /^[\w.-]+$/).map(({ name, value, rest }) => ({
    kind: 'query',
    name,
    value,
    rest: [rest, sent],
  }));

/** Each field that the rule varies by, with the rest. */
function fieldsOf({ target, sent, variedBy }: AnsweredCopy): Part[] {
  return variedBy.map((name) => {
    const at = sent.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name);
    const rest = at < 0 ? sent : sent.filter((_, index) => index !== at && index !== at + 1);
    return { kind: 'header', name, value: at < 0 ? '' : (sent[at + 1] ?? ''), rest: [target, rest] };
  });
}

/** Each cookie that the rule varies by; the partition stands for those that say who asks. */
function cookiesOf({ target, sent, variedCookies = {} }: AnsweredCopy): Part[] {
  const others = sent.filter((_, at) => (sent[at - (at % 2)] ?? '').toLowerCase() !== 'cookie');
  const all = Object.entries(variedCookies);
  return all.map(([name, value]) => ({
    kind: 'cookie',
    name,
    value,
    rest: [target, others, all.filter(([other]) => other !== name)],
  }));
}
