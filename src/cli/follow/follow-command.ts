/**
 * `shelflife follow redis|mongodb`: learns of writes that bypass the proxy from the app's Redis or MongoDB.
 *
 * Promises: a user whose data changed is purged. When changes may have been missed, everything is purged.
 */

import { once } from 'node:events';
import { type Command, InvalidArgumentError } from 'commander';
import { firstGroup } from '../../pattern/first-group.ts';
import { controlOf, postControl, withControlOption } from '../control-client.ts';
import { collect, type Terminal } from '../terminal.ts';
import { PurgeQueue, type Selectors } from './purge-queue.ts';

/** Adds the command. */
export function addFollow(program: Command, terminal: Terminal): void {
  const follow = program
    .command('follow')
    .description('purge users whose data changes without passing the proxy');
  withCommon(follow.command('redis'))
    .description("follow an app's own Redis: keys that are deleted (keyspace notifications)")
    .requiredOption('--url <url>', "the app's Redis, with the database number as path")
    .requiredOption(
      '--key <expression>',
      'a regular expression whose first group is the user in a key; repeatable',
      expressions,
    )
    .option('--event <name>', 'events besides del and unlink; repeatable', collect, [])
    .option('--configure', 'turn keyspace notifications on if they are off')
    .action((options: RedisOptions) => followRedis(terminal, options));
  withCommon(follow.command('mongodb'))
    .description("follow an app's MongoDB: documents that change (change streams of a replica set)")
    .requiredOption('--url <url>', "the app's MongoDB")
    .option('--database <name>', 'the database, if not the one in the URL')
    .option('--collection <name>', 'only these collections; repeatable', collect, [])
    .option('--user-field <path>', 'the field of a document that names its user', 'user_id')
    .action((options: MongoOptions) => followMongo(terminal, options));
}

type Common = { readonly control: string; readonly tag: readonly string[]; readonly onGap: string };

const withCommon = (command: Command): Command =>
  withControlOption(command)
    .option('--tag <tag>', 'a tag to purge along with any user; repeatable', collect, [])
    .option(
      '--on-gap <what>',
      'everything or nothing: what to purge when changes may have been missed',
      gap,
      'everything',
    );

function gap(value: string): string {
  if (value === 'everything' || value === 'nothing') return value;
  throw new InvalidArgumentError('It must be everything or nothing.');
}

type FindUser = (key: string) => string | undefined;

function expressions(value: string, before: readonly FindUser[] = []): readonly FindUser[] {
  const find = firstGroup(value);
  if (find !== undefined) return [...before, find];
  throw new InvalidArgumentError(
    'It is not a valid regular expression (look-around and back-references are not allowed).',
  );
}

type RedisOptions = Common & {
  readonly url: string;
  readonly key: readonly FindUser[];
  readonly event: readonly string[];
  readonly configure?: true;
};

async function followRedis(terminal: Terminal, options: RedisOptions): Promise<void> {
  const { url, key: finders, event, configure } = options;
  const { followKeyEvents } = await import('../../store/redis/key-events.ts');
  const queue = queueOf(terminal, options);
  const events = followKeyEvents({
    url,
    events: event.length === 0 ? ['del', 'unlink'] : event,
    configure: configure === true,
    onKey: (key) => {
      for (const find of finders) {
        const user = find(key);
        if (user !== undefined && user !== '') queue.add(user);
      }
    },
    onGap: gapOf(terminal, options, queue),
    onTrouble: warner(terminal),
  });
  await stopped();
  events.close();
  queue.close();
}

type MongoOptions = Common & {
  readonly url: string;
  readonly database?: string;
  readonly collection: readonly string[];
  readonly userField: string;
};

async function followMongo(terminal: Terminal, options: MongoOptions): Promise<void> {
  const { url, database, collection, userField } = options;
  const { followChanges, loadMongoDriver } = await import('./mongodb-changes.ts');
  const driver = await loadMongoDriver();
  const queue = queueOf(terminal, options);
  const controller = new AbortController();
  const following = followChanges(driver, {
    url,
    database,
    collections: collection,
    userField,
    onUser: (user) => {
      queue.add(user);
    },
    onGap: gapOf(terminal, options, queue),
    onTrouble: warner(terminal),
    signal: controller.signal,
  });
  await stopped();
  controller.abort();
  queue.close();
  await following;
}

const gapOf =
  (terminal: Terminal, { onGap }: Common, queue: PurgeQueue) =>
  (): void => {
    terminal.print(JSON.stringify({ may_have_missed: true, purges: onGap }));
    if (onGap === 'everything') queue.addEverything();
  };

const queueOf = (terminal: Terminal, options: Common): PurgeQueue =>
  new PurgeQueue({
    post: (selectors: Selectors) => postControl(controlOf(terminal, options), '/purge', selectors),
    tags: options.tag,
    onPurged: (selectors) => {
      terminal.print(JSON.stringify({ purged: selectors }));
    },
    onTrouble: warner(terminal),
  });

/** Reports a problem once, until it changes. */
function warner(terminal: Terminal): (message: string) => void {
  let last = '';
  return (message) => {
    if (message !== last) terminal.tell(`shelflife: ${message}`);
    last = message;
  };
}

const stopped = (): Promise<unknown> => Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
