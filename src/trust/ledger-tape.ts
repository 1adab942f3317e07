/**
 * What one of several processes would count, noted for the one that counts for all.
 *
 * Promise: bounded; of more than `most` notes between two that are taken, the rest is not counted.
 */

import type { Seconds } from '../kit/time.ts';
import { certain, type Look } from './key-sample.ts';
import { type Example, type JudgedCopy, Ledger, type Subject, type Verdict } from './ledger.ts';

export type LedgerNote =
  | { readonly kind: 'hit'; readonly subject: Subject; readonly saved: Seconds; readonly look: Look }
  | { readonly kind: 'miss'; readonly subject: Subject; readonly reason: string; readonly look: Look }
  | {
      readonly kind: 'judged';
      readonly subject: Subject;
      readonly verdict: Verdict;
      readonly copy: JudgedCopy;
    }
  | { readonly kind: 'example'; readonly example: Example };

const most = 20_000;

/** A ledger that counts nothing itself. */
export class LedgerTape extends Ledger {
  #notes: LedgerNote[] = [];

  override hit(subject: Subject, saved: Seconds, look = certain): void {
    this.#note({ kind: 'hit', subject: bare(subject), saved, look });
  }

  override miss(subject: Subject, reason: string, look = certain): void {
    this.#note({ kind: 'miss', subject: bare(subject), reason, look });
  }

  override judged(subject: Subject, judgement: Verdict, copy: JudgedCopy): void {
    const verdict: Verdict =
      judgement.kind === 'unjudged'
        ? { kind: 'unjudged', reason: judgement.reason }
        : { kind: judgement.kind };
    this.#note({ kind: 'judged', subject: bare(subject), verdict, copy });
  }

  override example(example: Example): void {
    this.#note({ kind: 'example', example: { ...example, subject: bare(example.subject) } });
  }

  /** Gives the notes, and begins anew. */
  drain(): readonly LedgerNote[] {
    const notes = this.#notes;
    this.#notes = [];
    return notes;
  }

  #note(note: LedgerNote): void {
    if (this.#notes.length < most) this.#notes.push(note);
  }
}

/** Counts what others have noted. */
export function countNotes(ledger: Ledger, notes: readonly LedgerNote[]): void {
  for (const note of notes)
    switch (note.kind) {
      case 'hit':
        ledger.hit(note.subject, note.saved, note.look);
        break;
      case 'miss':
        ledger.miss(note.subject, note.reason, note.look);
        break;
      case 'judged':
        ledger.judged(note.subject, note.verdict, note.copy);
        break;
      case 'example':
        ledger.example(note.example);
        break;
      default:
        note satisfies never;
    }
}

/** An outcome is a subject as well, with much that is nobody else's. */
const bare = ({ contentType, route, target, age }: Subject): Subject => ({
  ...{ contentType, route, target },
  ...(age === undefined ? {} : { age }),
});
