/**
 * Follows changes in an app's MongoDB through change streams (these need a replica set; Atlas always is one).
 *
 * Promises: it only reads. The app team installs the driver, which is loaded on demand. A broken stream resumes where it
 * stopped while the server still has that place; otherwise `onGap` is called.
 */

import { setTimeout as delay } from 'node:timers/promises';

export type ChangesOptions = {
  readonly url: string;
  readonly database: string | undefined;
  readonly collections: readonly string[];
  readonly userField: string;
  readonly onUser: (user: string) => void;
  readonly onGap: () => void;
  readonly onTrouble: (message: string) => void;
  readonly signal: AbortSignal;
};

export type MongoDriver = { readonly MongoClient: new (url: string) => MongoClient };

type MongoClient = {
  db(name?: string): {
    watch(pipeline: readonly unknown[], options: Readonly<Record<string, unknown>>): ChangeStream;
  };
  close(): Promise<void>;
};

/** `tryNext` opens the stream and gives a change that is already there, or null. */
type ChangeStream = AsyncIterable<unknown> & { tryNext(): Promise<unknown>; close(): Promise<void> };

/** Loads the driver; if it is not installed, rejects with what to do. */
export async function loadMongoDriver(): Promise<MongoDriver> {
  // In a variable, so that the type checker does not look for a package that may be absent.
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

/** Runs until `signal` is aborted. */
export async function followChanges(driver: MongoDriver, options: ChangesOptions): Promise<void> {
  const { url, onTrouble, signal } = options;
  const place: Place = { token: undefined };
  while (!signal.aborted) {
    // A new client for each try: one that failed to connect stays closed.
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

type Place = { token: unknown };

async function followStream(client: MongoClient, options: ChangesOptions, place: Place): Promise<void> {
  const stream = client.db(options.database).watch(pipelineOf(options), watchOptions(place.token));
  const first = await stream.tryNext();
  if (place.token === undefined) options.onGap();
  if (first !== null) tell(first, options, place);
  for await (const change of stream) tell(change, options, place);
}

/** Errors of a stream that is being closed do not matter. */
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
  // Needs changeStreamPreAndPostImages on the collection: without it a deletion does not name its user.
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
  // A change without a user may concern anybody.
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
