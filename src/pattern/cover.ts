/**
 * Decides whether one path pattern covers another, which then is never reached.
 *
 * Both are followed character by character, the earlier one in every way it can match: it covers the later one if it
 * can end wherever that one can. Characters that neither spells out behave alike, so one stands for all.
 *
 * Promise: "yes" is always right; "no" may mean "not found" (an expression in the pattern, or too many states).
 */

import type { Part } from './pattern-parts.ts';

/** One place of a path. `any`: a group with its own expression or a modifier, with its literal prefix and suffix. */
type PathPiece =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'parameter' | 'wildcard' | 'any' };

/** `text` must come next; `parameter`: repeatable, not `/`; `wildcard`: repeatable or absent. */
type Step = { readonly kind: 'text'; readonly char: string } | { readonly kind: 'parameter' | 'wildcard' };

const other = '\u0000';
const enough = 20_000;

export type Comparable = {
  readonly pieces: readonly PathPiece[];
  readonly start: string;
  readonly spelled: readonly string[];
  /** A matching path, with a character that no pattern spells out wherever there is a choice. */
  readonly example: string;
};

/** Prepares a pattern for `covers`. */
export function comparable(parts: readonly Part[]): Comparable {
  const pieces = parts.flatMap(piecesOf);
  const choice = pieces.findIndex(({ kind }) => kind !== 'text');
  const texts = pieces.map((piece) => (piece.kind === 'text' ? piece.text : other));
  const example = texts.join('');
  return {
    pieces,
    // Every path begins with `/`, even if the pattern does not.
    start: texts.slice(0, choice === -1 ? undefined : choice).join('') || '/',
    spelled: example.split(other),
    example: example.startsWith(other) ? `/${example}` : example,
  };
}

function piecesOf(part: Part): readonly PathPiece[] {
  if (part.modifier !== '' || part.kind === 'regexp') return [{ kind: 'any' }];
  if (part.kind === 'text') return [{ kind: 'text', text: part.text }];
  const kind = part.kind === 'segment' ? 'parameter' : 'wildcard';
  const texts = [part.prefix, part.suffix].map((text): PathPiece[] =>
    text === '' ? [] : [{ kind: 'text', text }],
  );
  return [...(texts[0] ?? []), { kind }, ...(texts[1] ?? [])];
}

/** Whether every path that `later` matches is matched by `earlier`. */
export function covers(earlier: Comparable, later: Comparable): boolean {
  // Two cheap checks settle nearly every pair: the earlier pattern must not be more specific.
  if (!later.start.startsWith(startOf(earlier)) || !spellsOut(later.example, earlier.spelled)) return false;
  if (earlier.pieces.some(({ kind }) => kind === 'any')) return false;
  return includes(stepsOf(earlier.pieces), stepsOf(later.pieces));
}

const startOf = ({ pieces, start }: Comparable): string => (pieces[0]?.kind === 'text' ? start : '');

function spellsOut(example: string, texts: readonly string[]): boolean {
  let from = 0;
  for (const text of texts) {
    const found = example.indexOf(text, from);
    if (found === -1) return false;
    from = found + text.length;
  }
  return true;
}

function stepsOf(pieces: readonly PathPiece[]): readonly Step[] {
  return pieces.flatMap((piece): readonly Step[] => {
    if (piece.kind === 'text') return [...piece.text].map((char) => ({ kind: 'text', char }));
    // Only the later pattern has `any` here; treating it as a wildcard can only make it harder to cover.
    return [{ kind: piece.kind === 'parameter' ? 'parameter' : 'wildcard' }];
  });
}

/** Positions in both patterns. `i` is before step i, `i + 0.5` inside it, where it may repeat. */
type State = { readonly earlier: readonly number[]; readonly later: readonly number[] };

function includes(earlier: readonly Step[], later: readonly Step[]): boolean {
  const alphabet = new Set(['/', other]);
  for (const step of [...earlier, ...later]) if (step.kind === 'text') alphabet.add(step.char);

  const first = {
    earlier: advance(earlier, skip(earlier, [0]), '/'),
    later: advance(later, skip(later, [0]), '/'),
  };
  const seen = new Set<string>([keyOf(first)]);
  const waiting: State[] = [first];
  for (let state = waiting.pop(); state !== undefined; state = waiting.pop()) {
    if (state.later.length === 0) continue;
    if (ends(later, state.later) && !ends(earlier, state.earlier)) return false;
    for (const char of alphabet) {
      const next = {
        earlier: advance(earlier, state.earlier, char),
        later: advance(later, state.later, char),
      };
      const key = keyOf(next);
      if (seen.has(key)) continue;
      if (seen.size > enough) return false;
      seen.add(key);
      waiting.push(next);
    }
  }
  return true;
}

const keyOf = (state: State): string => `${state.earlier.join()}|${state.later.join()}`;
const ends = (steps: readonly Step[], positions: readonly number[]): boolean =>
  positions.includes(steps.length);

/** The positions after one more character; empty wildcards are skipped. */
function advance(steps: readonly Step[], positions: readonly number[], char: string): readonly number[] {
  const next = new Set<number>();
  for (const position of positions) {
    const step = steps[Math.floor(position)];
    if (step === undefined || !takes(step, char)) continue;
    if (step.kind === 'text') next.add(position + 1);
    else if (step.kind === 'wildcard') next.add(position);
    else for (const reached of [Math.floor(position) + 0.5, Math.floor(position) + 1]) next.add(reached);
  }
  return skip(steps, [...next]);
}

function takes(step: Step, char: string): boolean {
  if (step.kind === 'text') return step.char === char;
  return step.kind === 'wildcard' || char !== '/';
}

function skip(steps: readonly Step[], positions: readonly number[]): readonly number[] {
  const all = new Set(positions);
  for (const position of all) if (steps[position]?.kind === 'wildcard') all.add(position + 1);
  return [...all].sort((a, b) => a - b);
}
