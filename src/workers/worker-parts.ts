/** What a worker has from its primary, in place of what a single process has for itself. */

import type { AddressInfo, Server, Socket } from 'node:net';
import type { Clock } from '../kit/time.ts';
import type { Popularity } from '../policy/lifetime/popularity.ts';
import { LearnedSessionMap, type LearnedSessionStore } from '../store/learned-sessions.ts';
import {
  type Siblings,
  SiblingStore,
  type SiblingStoreOptions,
  type SoughtKey,
} from '../store/sibling-store.ts';
import type { SharedByWorkers } from '../store/shared-by-workers.ts';
import type { PlacedPurge } from '../store/log/worker-purge-log.ts';
import type { Purge, Receipt } from '../store/purge-log.ts';
import type { Store } from '../store/store.ts';
import { TicketSecret } from '../front/ticket-secret.ts';
import type { Begin, Joined, ListenerName, Requested, ToPrimaryLink, ToWorker } from './messages.ts';
import { SharedPopularity } from './shared-popularity.ts';
import { createWorkerLogs, type WorkerLogs } from './worker-logs.ts';
import { createWorkerTrust, type WorkerTrust } from './worker-trust.ts';

export type WorkerParts = {
  /** What the store works with; `onForeign` hears of the purges of others, when they hold here. */
  readonly share: (onForeign: (purge: Purge) => void) => SharedByWorkers;
  /** Has Redis record a purge that all workers know already. */
  readonly record: (placed: PlacedPurge) => Promise<Receipt | undefined>;
  /** Puts the other workers behind a store. */
  readonly openStore: (options: Omit<SiblingStoreOptions, 'siblings' | 'by'>) => Store;
  /** What another worker may have of a key. */
  readonly pack: (sought: SoughtKey) => readonly Uint8Array[];
  readonly sharePopularity: (own: Popularity, clock: Clock) => Popularity;
  /** The connections of the primary's listener of this name become those of `server`. */
  readonly attach: (name: ListenerName, server: Server) => Promise<AddressInfo | string>;
  /** What the keys of session tickets are made from. */
  readonly ticketSecret: TicketSecret;
  /** Takes a message of the primary that is about these parts. */
  readonly take: (message: Exclude<ToWorker, Begin | Joined>, socket: Socket | undefined) => void;
  readonly trust: WorkerTrust;
  readonly close: () => void;
};

/** Makes them. */
export function createWorkerParts(begin: Begin, joined: Joined, link: ToPrimaryLink): WorkerParts {
  const learned = new LearnedSessionMap();
  for (const digest of joined.learned) learned.trust(digest);
  const [shared, stores]: [SharedPopularity[], SiblingStore[]] = [[], []];
  const servers = new Map<string, Server>();
  let onForeign: (purge: Purge) => void = () => undefined;
  const logs = createWorkerLogs(
    {
      ...{ name: begin.name, joined },
      onForeign: (purge) => {
        // Before it serves there is nothing to do about what was purged.
        if (servers.size > 0) onForeign(purge);
      },
    },
    link,
  );
  const trust = createWorkerTrust(joined.decided, link);
  const taking = { logs, shared, learned, servers, trust, ticketSecret: new TicketSecret() };
  const take = takerOf(taking, link);
  return {
    share: (listener) => {
      onForeign = listener;
      return { ...sharedOf(begin, joined), ...logs, near: learned, learned: (of) => toldToOthers(of, link) };
    },
    record: logs.record,
    openStore: (options) => {
      const store = new SiblingStore({ ...options, by: begin.name, siblings: siblingsOver(link) });
      stores.push(store);
      return store;
    },
    pack: (sought) => stores.flatMap((store) => store.pack(sought)),
    sharePopularity: (own, clock) => {
      const tell = (keys: Requested): void => {
        link.send({ kind: 'asked-for', keys });
      };
      const popularity = new SharedPopularity(own, { clock, tell });
      shared.push(popularity);
      return popularity;
    },
    attach: (name, server) => {
      servers.set(name, server);
      return Promise.resolve(addressOf(begin, name));
    },
    ticketSecret: taking.ticketSecret,
    ...{ take, trust },
    close: () => {
      for (const popularity of shared) popularity.close();
    },
  };
}

function addressOf({ addresses }: Begin, name: ListenerName): AddressInfo | string {
  const address = addresses[name];
  if (address === undefined) throw new Error(`the primary does not listen for ${name}`);
  return address;
}

const sharedOf = (
  { name, worker }: Begin,
  { log }: Joined,
): Pick<SharedByWorkers, 'reader' | 'instance' | 'isFirst'> => ({
  reader: `${log.id}/${name}`,
  instance: log.id,
  isFirst: worker === 1,
});

const toldToOthers = (known: LearnedSessionStore, link: ToPrimaryLink): LearnedSessionStore => ({
  ...(known.elsewhere === undefined ? {} : { elsewhere: known.elsewhere }),
  isTrusted: (digest) => known.isTrusted(digest),
  trust: (digest, keptFor) => {
    if (!known.isTrusted(digest)) link.send({ kind: 'learned', digest });
    known.trust(digest, keptFor);
  },
});

const siblingsOver = (link: ToPrimaryLink): Siblings => ({
  want: (sought) => link.ask('want', sought),
  onFilled: (key) => {
    link.send({ kind: 'filled', key });
  },
  onAbandoned: (key) => {
    link.send({ kind: 'abandoned', key });
  },
  onReleased: (key) => {
    link.send({ kind: 'released', key });
  },
});

type Taking = {
  readonly logs: WorkerLogs;
  readonly shared: readonly SharedPopularity[];
  readonly learned: LearnedSessionMap;
  readonly servers: ReadonlyMap<string, Server>;
  readonly ticketSecret: TicketSecret;
  readonly trust: WorkerTrust;
};

function takerOf(
  { logs, shared, learned, servers, trust, ticketSecret }: Taking,
  link: ToPrimaryLink,
): WorkerParts['take'] {
  const letIn = createLetIn(link);
  return (message, socket) => {
    switch (message.kind) {
      case 'placed':
        logs.take(message);
        link.send({ kind: 'acknowledged', seq: message.purges.at(-1)?.seq ?? 0 });
        return;
      case 'settled':
      case 'recorded':
        logs.take(message);
        return;
      case 'learned':
        learned.trust(message.digest);
        return;
      case 'wrote':
        trust.writes.take(message.write);
        return;
      case 'asked-for':
        for (const popularity of shared) popularity.take(message.keys);
        return;
      case 'connection':
        letIn(servers.get(message.listener), socket);
        return;
      case 'ticket-secret':
        ticketSecret.replace(message.bytes);
        return;
      case 'stop':
      case 'stop-warming':
        return;
      default:
        message satisfies never;
    }
  };
}

/** Lets a connection in, as the server's own would be, and tells the primary how many there are. */
function createLetIn(link: ToPrimaryLink): (server: Server | undefined, socket: Socket | undefined) => void {
  let open = 0;
  return (server, socket) => {
    // It may have ended on the way.
    if (server === undefined || socket === undefined) {
      link.send({ kind: 'taken', open });
      return;
    }
    open += 1;
    socket.allowHalfOpen = true;
    socket.once('close', () => {
      open -= 1;
      link.send({ kind: 'open', open });
    });
    link.send({ kind: 'taken', open });
    server.emit('connection', socket);
  };
}
