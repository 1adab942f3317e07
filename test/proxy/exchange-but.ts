/** One request's exchange for tests of single rooms: real services, no origin, and a reply that is recorded. */

import type { Identity } from '../../src/policy/identity/identity.ts';
import { readAsked } from '../../src/proxy/exchange/asked-request.ts';
import type { CacheExchange, Services } from '../../src/proxy/exchange/exchange.ts';
import { keyedExchange } from '../../src/proxy/exchange/keyed-exchange.ts';
import type { Outcome } from '../../src/proxy/exchange/outcome.ts';
import { nobody, type Reply } from '../../src/proxy/exchange/reply.ts';
import type { Entry } from '../../src/store/store.ts';
import { entryBut, storedAt } from '../store/entry.ts';
import { servicesBut, type TestTime, testTime } from './services-but.ts';

export type Asked = {
  readonly method?: string;
  /** Default `/a/1`. */
  readonly url?: string;
  readonly fields?: readonly string[];
  readonly identity?: Identity;
};

/** What the client got. */
export type Written = {
  status: number | undefined;
  fields: readonly string[];
  body: string;
  end: 'open' | 'ended' | 'cut';
  /** What it has not taken yet. */
  unsentBytes: number;
  /** Says that the client has gone. */
  readonly gone: () => void;
};

export type TestExchange = TestTime & {
  readonly exchange: CacheExchange;
  readonly written: Written;
  readonly outcomes: readonly Outcome[];
  /** A stored response of the request's key, asked for now. */
  readonly storedBut: (change?: Partial<Entry>) => Entry;
};

/** The exchange of a request under rules as text, at `storedAt`. */
export function exchangeBut(
  rules: string,
  { method = 'GET', url = '/a/1', fields = [], identity = { kind: 'anonymous' } }: Asked = {},
  change: Partial<Services> = {},
): TestExchange {
  const time = testTime(new Date(storedAt).toISOString());
  const { services, outcomes } = servicesBut(rules, { ...time, storeBytes: 1024 * 1024 }, change);
  const site = services.site();
  const read = readAsked({ method, url, fields, host: 'example.org' }, site.config.listen);
  if (read.kind !== 'request') throw new Error(read.kind);
  const { request } = read;
  const { reply, written } = writtenReply();
  const match = site.rules.match(method, request.path, request);
  const now = time.clock.now();
  const exchange = keyedExchange(
    { services, site, request, reply, match, now, startedMs: time.clock.monotonicMs() },
    identity,
  );
  const storedBut = (changed: Partial<Entry> = {}): Entry =>
    entryBut({ key: exchange.plan.key, asOf: services.purgeLog.position(), ...changed });
  return { exchange, written, outcomes, storedBut, ...time };
}

function writtenReply(): { readonly reply: Reply; readonly written: Written } {
  const onGone: (() => void)[] = [];
  const written: Written = {
    status: undefined,
    fields: [],
    body: '',
    end: 'open',
    unsentBytes: 0,
    gone: () => {
      for (const listener of onGone) listener();
    },
  };
  const reply: Reply = {
    ...nobody,
    head: (status, fields) => void Object.assign(written, { status, fields }),
    write: (chunk) => {
      written.body += chunk.toString('latin1');
      return written.unsentBytes === 0;
    },
    get unsentBytes() {
      return written.unsentBytes;
    },
    end: (chunk) => {
      written.body += chunk?.toString('latin1') ?? '';
      written.end = 'ended';
    },
    abort: () => void (written.end = 'cut'),
    onGone: (listener) => void onGone.push(listener),
  };
  return { reply, written };
}
