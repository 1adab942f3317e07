/** The body of a fetch on its way: to the clients that get it as it comes, and kept for the store. */

import type { Fields } from '../../http/message.ts';
import type { OriginFailure } from '../../origin/failure.ts';
import type { Entry } from '../../store/store.ts';
import type { Follower } from '../exchange/exchange.ts';
import { beginSharing, hasWaiters } from './beside-others.ts';
import { type BodyListener, BodyWatch } from './body-bounds.ts';
import type { ClientSide } from './client-side.ts';
import type { FillInput } from './fill-input.ts';
import { type KeptBody, keptBodyFor } from './kept-body.ts';
import { Readers } from './readers.ts';

/** The body of one fetch. */
export class FillBody {
  readonly #input: FillInput;
  readonly #client: ClientSide;
  readonly #readers: Readers;
  #kept: KeptBody | undefined;
  #watch: BodyWatch | undefined;

  constructor(input: FillInput, client: ClientSide) {
    this.#input = input;
    this.#client = client;
    this.#readers = new Readers(client, 2 * input.terms.config.store.maxObjectBytes);
  }

  get isKept(): boolean {
    return this.#kept !== undefined;
  }

  /** Whether somebody still wants it: its client, another that reads along or waits, or the background. */
  get isNeeded(): boolean {
    const { isBackground } = this.#input;
    return isBackground || !this.#client.isDone || this.#readers.followers > 0 || hasWaiters(this.#input);
  }

  get hasFollowers(): boolean {
    return this.#readers.followers > 0;
  }

  get chunks(): readonly Buffer[] {
    return this.#kept?.chunks ?? [];
  }

  whole(): Buffer | undefined {
    return this.#kept?.whole();
  }

  /** `listener` is told when the body takes its time. */
  keep(fields: Fields, listener: BodyListener): void {
    const { exchange, terms } = this.#input;
    this.#kept = keptBodyFor(exchange.services.bodyRoom, {
      limit: terms.config.store.maxObjectBytes,
      fields,
    });
    this.#watch = new BodyWatch(exchange.services.later, listener);
  }

  /** `fate`: whether it may be kept on. `isTaken`: whether somebody takes more. */
  add(chunk: Buffer): { readonly isTaken: boolean; readonly fate: ReturnType<KeptBody['add']> } {
    this.#watch?.piece();
    const isTaken = this.#readers.write(chunk);
    const isForOne = !this.#client.isDone && !this.hasFollowers && !hasWaiters(this.#input);
    return { isTaken, fate: this.#kept?.add(chunk, { isTaken, isForOne }) ?? 'kept' };
  }

  /** `entry` tells who may read it along. */
  share(
    entry: Entry,
    { onLeft, resume }: { readonly onLeft: () => void; readonly resume: () => void },
  ): void {
    const leave = (follower: Follower): void => {
      this.#readers.leave(follower);
      onLeft();
    };
    const follow = (follower: Follower): void => {
      this.#readers.add(follower, this.chunks);
    };
    beginSharing(this.#input, { entry, follow, leave, resume });
  }

  /** It is not all there any more, or it is over. */
  closeToOthers(): void {
    const { flight } = this.#input;
    if (flight !== undefined) flight.info.shared = undefined;
  }

  /** For those who read it along. */
  end(trailers: Fields): void {
    this.closeToOthers();
    this.#readers.end(trailers);
  }

  fail(failure: OriginFailure): void {
    this.closeToOthers();
    this.#readers.fail(failure);
  }

  free(): void {
    this.closeToOthers();
    this.#watch?.stop();
    this.#kept?.free(this.#input.exchange.reply);
    this.#kept = undefined;
  }
}
