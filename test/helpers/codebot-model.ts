/** The state of CodeBot's stand-in: users, files in versions, collections, shares, the public library. No HTTP. */

export type Pref = { theme: string; fontScale: string | undefined };
export type CodeFile = {
  readonly id: string;
  readonly owner: number;
  readonly name: string;
  readonly text: string;
  readonly version: number;
  readonly updatedMs: number;
  favorite: boolean;
  trashed: boolean;
};
export type Collection = {
  readonly id: string;
  readonly owner: number;
  name: string;
  readonly names: string[];
  token: string | undefined;
};
export type Share = {
  readonly token: string;
  readonly name: string;
  /** A copy of the text, as it was. */
  readonly text: string;
  readonly expiresMs: number;
  views: number;
};
export type Snippet = { readonly id: string; readonly title: string; approved: boolean };

/** The people of the tests: Ada is the administrator. */
export const people: ReadonlyMap<number, { readonly name: string; readonly isAdmin: boolean }> = new Map([
  [1, { name: 'Ada', isAdmin: true }],
  [1003, { name: 'Dana', isAdmin: false }],
  [1004, { name: 'Omer', isAdmin: false }],
]);

export class CodebotModel {
  readonly files: CodeFile[] = [];
  readonly collections: Collection[] = [];
  readonly shares: Share[] = [];
  readonly snippets: Snippet[] = [];
  readonly bookmarks: { owner: number; id: string }[] = [];
  readonly prefs = new Map<number, Pref>();
  /** File names opened last, by user. */
  readonly recent = new Map<number, string[]>();
  /** How often something was noted: `view`, `activity`, `share-view`, … */
  readonly noted = new Map<string, number>();
  /** One-time login tokens and remember_me tokens, with the user they log in. */
  readonly loginTokens = new Map<string, number>();
  readonly rememberTokens = new Map<string, number>();
  announcement: string | undefined;
  /** The app's own lists of files for /api/files, kept in its process for 20 s, whatever is written meanwhile. */
  readonly ownLists = new Map<number, { readonly atMs: number; readonly files: readonly CodeFile[] }>();
  /** Every page of the database fails now. */
  isDatabaseDown = false;
  #ids = 0x64a0;

  nextId(): string {
    this.#ids += 1;
    return this.#ids.toString(16);
  }

  note(what: string): void {
    this.noted.set(what, (this.noted.get(what) ?? 0) + 1);
  }

  prefOf(user: number): Pref {
    return this.prefs.get(user) ?? { theme: 'classic', fontScale: undefined };
  }

  /** A save is a new version with a new id; what is said of a name holds for all its versions. */
  save(owner: number, name: string, { text, nowMs }: { text: string; nowMs: number }): CodeFile {
    const before = this.files.filter((file) => file.owner === owner && file.name === name).at(-1);
    const file: CodeFile = {
      id: this.nextId(),
      owner,
      name,
      text,
      version: (before?.version ?? 0) + 1,
      updatedMs: nowMs,
      favorite: before?.favorite ?? false,
      trashed: false,
    };
    this.files.push(file);
    return file;
  }

  fileOf(owner: number, id: string): CodeFile | undefined {
    return this.files.find((file) => file.id === id && file.owner === owner);
  }

  versionsOf({ owner, name }: CodeFile): CodeFile[] {
    return this.files.filter((file) => file.owner === owner && file.name === name);
  }

  /** The newest version of each name that is not in the bin, by name. */
  listOf(owner: number): CodeFile[] {
    const newest = new Map(
      this.files.filter((file) => file.owner === owner && !file.trashed).map((file) => [file.name, file]),
    );
    return [...newest.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Every document in the bin: a save under its name leaves it there. */
  trashOf = (owner: number): CodeFile[] => this.files.filter((file) => file.owner === owner && file.trashed);

  /** The list as the app's own cache gives it, and what keeps it there. */
  cachedListOf(owner: number, nowMs: number): { files: readonly CodeFile[]; keep: () => void } {
    const known = this.ownLists.get(owner);
    if (known !== undefined && nowMs - known.atMs < 20_000)
      return { files: known.files, keep: () => undefined };
    const files = this.listOf(owner).map((file) => ({ ...file }));
    return { files, keep: () => void this.ownLists.set(owner, { atMs: nowMs, files }) };
  }

  open(user: number, { name }: CodeFile): void {
    const before = this.recent.get(user) ?? [];
    this.recent.set(user, [name, ...before.filter((other) => other !== name)]);
  }
}
