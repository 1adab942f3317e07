/**
 * Runs a regular expression in time linear in the text, whatever the expression: for patterns V8's own engine might take
 * for ever on.
 *
 * The expression becomes a small program (each step: accept a character, prefer one way over another, note a position),
 * run depth first in the order a backtracking engine would, but never twice from the same step at the same position. So at most
 * `steps × (length + 1)` visits, and the same match, with the same groups, as the ordinary engine.
 *
 * Promises: understands what it takes exactly and refuses the rest with `PatternError`: look-around, back-references, word
 * boundaries, named groups, inline flags, and expressions beyond `maxSteps`. Only ASCII text matches.
 *
 * Deviation: where a loop's body can match nothing at all in more than one way, a group inside may hold another part of the same match.
 */

import { PatternError } from './pattern-tokens.ts';
import { type Step, regexpSteps } from './regexp-steps.ts';

/** The groups of a whole match, in order of their parentheses, or undefined. */
export type LinearRegExp = (text: string) => readonly (string | undefined)[] | undefined;

/** Compiles the source of an expression (flag `v`, anchored at both ends). Throws `PatternError` for what is beyond it. */
export const linearRegExp = (source: string): LinearRegExp => {
  try {
    new RegExp(source, 'v');
  } catch (error) {
    throw new PatternError('not a regular expression', { cause: error });
  }
  const { steps, slots, groups } = regexpSteps(source);
  return (text) => {
    const places = new Run(steps, slots, text).places();
    return places && groups.map(([open, close]) => capture(text, places[open], places[close]));
  };
};

const capture = (text: string, from: number | undefined, to: number | undefined): string | undefined =>
  from === undefined || to === undefined || from < 0 || to < 0 ? undefined : text.slice(from, to);

/** One match under way. */
class Run {
  readonly #steps: readonly Step[];
  readonly #text: string;
  readonly #places: Int32Array;
  /** One bit for each step and position. */
  readonly #visited: Uint32Array;
  /** What to try or undo next: pairs of step and position, or `-1 - slot` and the slot's former place. */
  readonly #todo: number[] = [];

  constructor(steps: readonly Step[], slots: number, text: string) {
    this.#steps = steps;
    this.#text = text;
    this.#places = new Int32Array(slots).fill(-1);
    this.#visited = new Uint32Array(((steps.length * (text.length + 1)) >>> 5) + 1);
  }

  /** Where each slot was noted by the preferred match. */
  places(): Int32Array | undefined {
    this.#todo.push(0, 0);
    while (this.#todo.length > 0) {
      const position = this.#todo.pop() ?? 0;
      const step = this.#todo.pop() ?? 0;
      if (step < 0) this.#places[-1 - step] = position;
      else if (this.#follow(step, position)) return this.#places;
    }
    return undefined;
  }

  /** Goes on from a step until it matches or fails; other ways are left in `todo`. */
  #follow(from: number, start: number): boolean {
    let at = from;
    let position = start;
    for (;;) {
      const step = this.#steps[at];
      if (step === undefined || !this.#isFirstVisit(at, position)) return false;
      if (step.op === 'accept' && position === this.#text.length) return true;
      if (step.op === 'chars') {
        if (step.table[this.#text.charCodeAt(position)] !== 1) return false;
        position++;
      }
      const next = this.#next(step, position);
      if (next === undefined) return false;
      if (step.op === 'split') this.#todo.push(at + step.otherwise, position);
      at += next;
    }
  }

  #isFirstVisit(step: number, position: number): boolean {
    const bit = step * (this.#text.length + 1) + position;
    const word = this.#visited[bit >>> 5] ?? 0;
    const mask = 1 << (bit & 31);
    this.#visited[bit >>> 5] = word | mask;
    return (word & mask) === 0;
  }

  /** How far the next step is, or undefined when this one fails. */
  #next(step: Step, position: number): number | undefined {
    switch (step.op) {
      case 'chars':
        return 1;
      case 'split':
        return step.prefer;
      case 'jump':
        return step.by;
      case 'note':
        this.#todo.push(-1 - step.slot, this.#places[step.slot] ?? -1);
        this.#places[step.slot] = position;
        return 1;
      case 'moved':
        return this.#places[step.slot] === position ? undefined : 1;
      case 'start':
        return position === 0 ? 1 : undefined;
      case 'end':
        return position === this.#text.length ? 1 : undefined;
      case 'accept':
        return undefined;
    }
  }
}
