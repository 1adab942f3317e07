/**
 * Asks the origin once more for what a client has asked for, with the client's own credentials and no client waiting.
 *
 * Promises: it waits its turn behind all other background work, and few wait at once; only GETs that the pipeline could answer
 * from the store are asked, never a write; what the answer sets (cookies) is thrown away. The credentials are kept as long as
 * the request waits, and nowhere else.
 */

import { withoutFields } from '../http/fields.ts';
import type { Fields } from '../http/message.ts';
import { conditionNames } from '../http/validators.ts';
import type { OriginHead } from '../origin/call.ts';
import type { Exchange } from '../proxy/exchange/exchange.ts';
import { originHostOf, passFields } from '../proxy/exchange/upstream-fields.ts';
import { targetText } from '../http/path-spelling.ts';
import type { FillEnd } from '../proxy/fetch/fill-input.ts';
import type { Governor } from '../refresh/governor.ts';
import { RecordedAnswer, type RecordingRoom, type WholeAnswer } from './recorded-answer.ts';

export type AskAgainOptions = {
  readonly governor: Pick<Governor, 'submit'>;
  readonly room: RecordingRoom;
};

/** A request to the origin. */
export type Asked = { readonly target: string; readonly fields: Fields };

const mostWaiting = 64;
const conditions: ReadonlySet<string> = new Set(conditionNames);

/** What a pass sends, without the client's conditions. */
export function askedByPass({ request, site }: Exchange): Asked {
  const fields = withoutFields(passFields(request, originHostOf(request, site)), conditions);
  return { target: targetText(request.path, request.query), fields };
}

/** Asks, a bounded number at a time. */
export class AskAgain {
  readonly #options: AskAgainOptions;
  #waiting = 0;
  #count = 0;

  constructor(options: AskAgainOptions) {
    this.#options = options;
  }

  /** Resolves with the answer; `undefined`: not asked, or no whole answer. Never rejects. */
  async ask({ services, site }: Exchange, asked: Asked): Promise<WholeAnswer | undefined> {
    if (this.#waiting >= mostWaiting) return undefined;
    this.#waiting += 1;
    this.#count += 1;
    let answer: WholeAnswer | undefined;
    await this.#options.governor.submit({
      name: `again ${this.#count}`,
      worth: 0,
      isWanted: () => services.site() === site && services.origin.health.isClosed,
      run: () =>
        new Promise<FillEnd>((resolve) => {
          const recording = new RecordedAnswer(this.#options.room, {
            limit: site.config.store.maxObjectBytes,
            sentCookies: false,
          });
          recording.onOver((recorded) => {
            if (recorded.kind === 'whole') ({ answer } = recorded);
            else call.abort();
            resolve({
              ...nothing,
              status: answer?.status,
              failure: answer === undefined ? 'aborted' : undefined,
            });
          });
          const call = services.origin.send({ method: 'GET', ...asked }, recording.before(ignored));
        }),
    });
    this.#waiting -= 1;
    return answer;
  }
}

const nothing = { entry: undefined, notStored: undefined } as const;
const ignored = {
  onHead: (_head: OriginHead): void => undefined,
  onData: (): boolean => true,
  onEnd: (): void => undefined,
  onFailure: (): void => undefined,
};
