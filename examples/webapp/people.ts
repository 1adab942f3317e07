/**
 * Questions about people: who may log in, and how they like their pages.
 */
import { scryptSync, timingSafeEqual } from 'node:crypto';
import type { Queries } from './database.ts';
import type { User } from './session.ts';
import type { SortKey } from './snippets.ts';

/** The colours a person may choose. */
export const themes = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

/** A person's preferences; they show in every page. */
export type Settings = { readonly theme: Theme; readonly per_page: number; readonly sort_by: SortKey };

/** The preferences of someone who set none. */
export const defaultSettings: Settings = { theme: 'auto', per_page: 20, sort_by: 'created_at' };

type UserRow = {
  readonly id: number;
  readonly username: string;
  readonly first_name: string;
  readonly password_hash: string;
  readonly is_admin: boolean;
  readonly is_premium: boolean;
};

/** The user with this name and password, or undefined. */
export const authenticate = async (
  db: Queries,
  username: string,
  password: string,
): Promise<User | undefined> => {
  const row = await db.first(
    'select id, username, first_name, password_hash, is_admin, is_premium from users where username = $1',
    [username],
    (found) => found as UserRow,
  );
  if (row === undefined || !isPasswordOf(row.password_hash, password)) return undefined;
  return {
    id: row.id,
    username: row.username,
    firstName: row.first_name,
    isAdmin: row.is_admin,
    isPremium: row.is_premium,
  };
};

/** `salt:hash` of a password. The cost is small on purpose: fifty demo accounts are hashed at the first start. */
export const hashPassword = (password: string, salt: string): string =>
  `${salt}:${scryptSync(password, salt, 32, { N: 1024 }).toString('base64url')}`;

/** A person's preferences, or the default ones. */
export const findSettings = async (db: Queries, userId: number): Promise<Settings> => {
  const found = await db.first(
    'select theme, per_page, sort_by from settings where user_id = $1',
    [userId],
    (row) => row as Settings,
  );
  return found ?? defaultSettings;
};

/** Stores a person's preferences; false when the person is no longer there. */
export const saveSettings = async (db: Queries, userId: number, settings: Settings): Promise<boolean> => {
  const changed = await db.run(
    `insert into settings (user_id, theme, per_page, sort_by)
     select id, $2, $3, $4 from users where id = $1
     on conflict (user_id) do update set theme = $2, per_page = $3, sort_by = $4`,
    [userId, settings.theme, settings.per_page, settings.sort_by],
  );
  return changed > 0;
};

const isPasswordOf = (stored: string, password: string): boolean => {
  const expected = Buffer.from(stored);
  const given = Buffer.from(hashPassword(password, stored.split(':', 1)[0] ?? ''));
  return expected.length === given.length && timingSafeEqual(expected, given);
};
