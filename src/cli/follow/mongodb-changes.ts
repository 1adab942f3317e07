/**
 * What changes in an app's MongoDB, as its change streams tell (a replica set, which Atlas always is).
 *
 * Promises: only reads. The driver is the app team's to install; it is loaded when this is used. A stream that breaks off is
 * taken up where it was, as long as the server remembers; otherwise `onGap` is told.
 */

import { setTimeout as delay } from 'node:timers/promises';

export type ChangesOptions = {
  readonly url: string;
  /** Absent: the one the URL names. */
  readonly database: string | undefined;
  readonly collections: readonly string[];
  /** Path in a document, with dots, of what names its user. */
  readonly userField: string;
  readonly onUser: (user: string) => void;
  readonly onGap: () => void;
  readonly onTrouble: (message: string) => void;
  readonly signal: AbortSignal;
};

/** The part of the driver that is used. */
export type MongoDriver = { readonly MongoClient: new (url: string) => MongoClient };

type MongoClient = {
  db(name?: string): {
    watch(pipeline: readonly unknown[], options: Readonly<Record<string, unknown>>): ChangeStream;
  };
  close(): Promise<void>;
};

/** `tryNext` opens the stream; it gives a change that is there already, or null. */
type ChangeStream = AsyncIterable<unknown> & { tryNext(): Promise<unknown>; close(): Promise<void> };

/** Loads the driver; rejects with what to do when it is not installed. */
export async function loadMongoDriver(): Promise<MongoDriver> {
  // In a variable: the checker must not look for what may not be there.
  const name = 'mongodb';
  try {
    return (await import(name)) as MongoDriver;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')
      throw new Error('the MongoDB driver is not installed here: npm install mongodb', { cause: error });
    throw error;
  }
}

const retryMs = 1_000;

/** Follows until `signal` is aborted. */
export async function followChanges(driver: MongoDriver, options: ChangesOptions): Promise<void> {
  const { url, onTrouble, signal } = options;
  const place: Place = { token: undefined };
  while (!signal.aborted) {
    // One for each try: a client that could not connect stays closed.
    const client = new driver.MongoClient(url);
    const close = (): void => void client.close().catch(ignore);
    signal.addEventListener('abort', close, { once: true });
    try {
      await followStream(client, options, place);
    } catch (error) {
      if (!isStopped(signal)) onTrouble(error instanceof Error ? error.message : String(error));
      if (isHistoryLost(error)) place.token = undefined;
    } finally {
      signal.removeEventListener('abort', close);
      await client.close().catch(ignore);
    }
    if (!isStopped(signal)) await delay(retryMs, undefined, { signal }).catch(ignore);
  }
}

/** Up to which change everything has been told; `undefined` before the first. */
type Place = { token: unknown };

async function followStream(client: MongoClient, options: ChangesOptions, place: Place): Promise<void> {
  const stream = client.db(options.database).watch(pipelineOf(options), watchOptions(place.token));
  const first = await stream.tryNext();
  if (place.token === undefined) options.onGap();
  if (first !== null) tell(first, options, place);
  for await (const change of stream) tell(change, options, place);
}

/** What can go wrong with a stream that is given up is of no interest. */
const ignore = (): void => undefined;

const isStopped = (signal: AbortSignal): boolean => signal.aborted;

const pipelineOf = ({ collections }: ChangesOptions): readonly unknown[] => [
  {
    $match: {
      operationType: { $in: ['insert', 'update', 'replace', 'delete', 'drop', 'rename'] },
      ...(collections.length === 0 ? {} : { 'ns.coll': { $in: collections } }),
    },
  },
];

const watchOptions = (resumeAfter: unknown): Readonly<Record<string, unknown>> => ({
  fullDocument: 'updateLookup',
  // Where the collection keeps them (changeStreamPreAndPostImages): else a deletion names nobody.
  fullDocumentBeforeChange: 'whenAvailable',
  ...(resumeAfter === undefined ? {} : { resumeAfter }),
});

function tell(change: unknown, { userField, onUser, onGap }: ChangesOptions, place: Place): void {
  const { _id: token, fullDocument, fullDocumentBeforeChange } = change as Readonly<Record<string, unknown>>;
  const users = new Set(
    [fullDocument, fullDocumentBeforeChange].flatMap((document) => {
      const value = valueAt(document, userField.split('.'));
      return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'
        ? [String(value)]
        : [];
    }),
  );
  for (const user of users) onUser(user);
  // A change that names nobody may concern anybody.
  if (users.size === 0) onGap();
  place.token = token;
}

function valueAt(document: unknown, path: readonly string[]): unknown {
  let value = document;
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}

/** ChangeStreamHistoryLost, or a token the server cannot use. */
const isHistoryLost = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && [280, 286].includes(Number(error.code));
