/**
 * What is in the database at the first start: 50 people and their 5 000 snippets, the same every time.
 *
 * Times are relative to the moment of seeding, so that some snippets were edited within the last hour. Snippets 1 to 3
 * belong to `demo` and are fixed: a Markdown file, a favourite, a script.
 */
import type { Queries } from './database.ts';
import { hashPassword } from './people.ts';
import { between, inventSnippet, seededRandom, type Random, type SnippetText } from './seed-text.ts';

const demoSnippets = 160;
const batchSize = 500;
const minuteMs = 60_000;
const dayMs = 24 * 3600 * 1000;

const firstNames = [
  ...['Dana', 'Maya', 'Adam', 'Noa', 'Yael', 'Omer', 'Tamar', 'Ido', 'Lior', 'Shira', 'Amit', 'Rina', 'Gal'],
  ...['Eitan', 'Hila', 'Nir', 'Orly', 'Ron', 'Tal', 'Uri', 'Vered', 'Yoav', 'Ziv', 'Alma', 'Boaz', 'Carmel'],
  ...[
    'Doron',
    'Efrat',
    'Gili',
    'Hadar',
    'Inbal',
    'Jonathan',
    'Keren',
    'Lavi',
    'Mika',
    'Nadav',
    'Ofer',
    'Paz',
  ],
  ...['Roni', 'Sivan', 'Tomer', 'Uriel', 'Vika', 'Yarden', 'Zohar', 'Assaf', 'Bar', 'Chen', 'Dafna', 'Erez'],
] as const;

const fixedSnippets: readonly SnippetText[] = [
  {
    name: 'welcome.md',
    language: 'markdown',
    description: 'How to find your way around',
    tags: ['notes'],
    content: [
      '# Welcome',
      '',
      'Every page is rendered from the database and says at its foot **how many queries** that took.',
      '',
      '| page | what it does |',
      '|---|---|',
      '| [Snippets](/files) | counts, filters, sorts, pages |',
      '| [Search](/search?q=timeout) | looks for text in every snippet |',
      '',
      '```sh',
      'curl -i http://127.0.0.1:8080/api/public_stats',
      '```',
      '',
    ].join('\n'),
  },
  {
    name: 'retry.py',
    language: 'python',
    description: 'Call again, a little later each time',
    tags: ['api', 'scripts'],
    content: [
      'import time',
      '',
      'def retry(call, attempts=3, pause=0.5):',
      '    for attempt in range(attempts):',
      '        try:',
      '            return call()',
      '        except OSError:',
      '            time.sleep(pause * 2 ** attempt)',
      '    return call()',
    ].join('\n'),
  },
  {
    name: 'backup.sh',
    language: 'bash',
    description: 'Nightly backup',
    tags: ['backup', 'cron', 'scripts'],
    content: '#!/bin/sh\nset -eu\ntar -czf "backup-$(date +%F).tar.gz" "$@"\n',
  },
];

/** Told after every batch how many snippets of how many are stored. */
export type SeedProgress = (done: number, total: number) => void;

type SeedOptions = {
  readonly onProgress: SeedProgress;
  readonly people?: number | undefined;
  /** At least 160, which are demo's. */
  readonly snippets?: number | undefined;
};

type SeedRow = SnippetText & {
  readonly id: number;
  readonly userId: number;
  readonly isFavorite: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

/**
 * Fills an empty or half-filled database; does nothing when it is complete.
 * `now` is what the times of the snippets are relative to.
 */
export const seedDatabase = async (
  db: Queries,
  now: Date,
  { onProgress, people = 50, snippets = 5000 }: SeedOptions,
): Promise<void> => {
  const stored = await db.first(
    "select to_regclass('seeded') is not null as seeded",
    [],
    (row) => row as { seeded: boolean },
  );
  if (stored?.seeded === true) return;
  // A start that was cut short left a part: begin again.
  await db.run('truncate users, settings, snippets, bookmarks', []);
  const random = seededRandom(20251022);
  await insertUsers(db, random, { now, people });
  for (let done = 0; done < snippets; done += batchSize) {
    const length = Math.min(batchSize, snippets - done);
    const rows = Array.from({ length }, (_, index) => inventRow(random, done + index + 1, { now, people }));
    await insertSnippets(db, rows);
    onProgress(done + length, snippets);
  }
  await db.run("select setval(pg_get_serial_sequence('snippets', 'id'), $1::int)", [snippets]);
  await db.run(
    'insert into bookmarks select user_id, id, updated_at from snippets where id % 17 = 0 or id between 1 and 3',
    [],
  );
  await db.run('analyze', []);
  // The table says that the work is complete; it is made last.
  await db.run('create table seeded as select now() as seeded_at', []);
};

type Seeding = { readonly now: Date; readonly people: number };

const insertUsers = async (db: Queries, random: Random, { now, people: count }: Seeding): Promise<void> => {
  const people = Array.from({ length: count }, (_, index) => person(random, index));
  await db.run(
    `insert into users (id, username, first_name, password_hash, is_admin, is_premium, created_at)
     select id, username, first_name, hash, username = 'admin', premium, $6
     from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::bool[])
       as person (id, username, first_name, hash, premium)`,
    [
      people.map((each) => each.id),
      people.map((each) => each.username),
      people.map((each) => each.firstName),
      people.map((each) => hashPassword('demo', each.username)),
      people.map((each) => each.isPremium),
      new Date(now.getTime() - 800 * dayMs),
    ],
  );
  await db.run("insert into settings select id, 'auto', 20, 'created_at' from users", []);
};

/** The first three are known by name: demo, maya (premium), admin. */
const person = (random: Random, index: number) => {
  const firstName = firstNames[index] ?? `User ${index}`;
  const username = ['demo', 'maya', 'admin'][index] ?? firstName.toLowerCase();
  const isPremium = random() < 0.2;
  return { id: index + 1, firstName, username, isPremium: index < 3 ? index === 1 : isPremium };
};

const inventRow = (random: Random, id: number, { now, people }: Seeding): SeedRow => {
  const invented = inventSnippet(random, id);
  const created = now.getTime() - between(random, 2 * 60, 730 * 24 * 60) * minuteMs;
  const edited = created + Math.floor(random() * (now.getTime() - created - 2 * 60 * minuteMs));
  // One in a hundred was edited within the last hour.
  const updated = random() < 0.01 ? now.getTime() - between(random, 1, 55) * minuteMs : edited;
  return {
    ...(fixedSnippets[id - 1] ?? invented),
    id,
    userId: id <= demoSnippets ? 1 : between(random, 2, people),
    isFavorite: id === 2 || random() < 0.1,
    createdAt: new Date(created),
    updatedAt: new Date(updated),
  };
};

const insertSnippets = async (db: Queries, rows: readonly SeedRow[]): Promise<void> => {
  await db.run(
    `insert into snippets
       (id, user_id, name, language, description, content, tags, is_favorite, size, created_at, updated_at)
     select id, user_id, name, language, description, content, string_to_array(tags, ','), is_favorite,
       octet_length(content), created_at, updated_at
     from unnest($1::int[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bool[],
         $9::timestamptz[], $10::timestamptz[])
       as snippet (id, user_id, name, language, description, content, tags, is_favorite, created_at, updated_at)`,
    [
      rows.map((row) => row.id),
      rows.map((row) => row.userId),
      rows.map((row) => row.name),
      rows.map((row) => row.language),
      rows.map((row) => row.description),
      rows.map((row) => row.content),
      rows.map((row) => row.tags.join(',')),
      rows.map((row) => row.isFavorite),
      rows.map((row) => row.createdAt),
      rows.map((row) => row.updatedAt),
    ],
  );
};
