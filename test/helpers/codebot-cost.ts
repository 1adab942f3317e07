/**
 * What an answer of CodeBot costs: a model, for the stand-in has no database.
 *
 * Calls are those that the route makes by what is known of the app; a call takes 9 ms, an answer 8 ms besides, a page 20 ms more
 * for its template (230 to 450 KB), and Markdown is rendered in 90 ms. So the dashboard takes 100 ms, a list of files 64, a rendering
 * 145, and what scripts ask for 17. A hit takes 1 ms.
 */

export type Cost = { readonly calls: number; readonly ms: number };

const callMs = 9;
const answerMs = 8;
const pageMs = 20;
const markdownMs = 90;
/** What the proxy takes for a hit, and adds to a miss. */
export const proxyMs = 1;

type Kind = 'page' | 'markdown' | 'data';
const costs: readonly (readonly [pattern: RegExp, calls: number, kind: Kind])[] = [
  [/^GET \/static\//, 0, 'data'],
  // Seven aggregations, and preferences.
  [/^GET \/dashboard/, 8, 'page'],
  // The list, its count, languages, repositories, preferences.
  [/^GET \/files/, 5, 'page'],
  // The file, its pins, its images, preferences; what was opened last and the activity are written.
  [/^GET \/file\//, 6, 'page'],
  [/^GET \/(md|read)\//, 3, 'markdown'],
  [/^GET \/(trash|collections|snippets)/, 3, 'page'],
  [/^GET \/(edit|upload)/, 3, 'page'],
  [/^GET \/api\/(files|stats|collections|bookmarks)/, 3, 'data'],
  [/^GET \/api\//, 1, 'data'],
  [/^GET /, 1, 'page'],
  [/^POST \/api\/ui_prefs/, 1, 'data'],
  [/^POST \/(edit|upload)/, 4, 'data'],
  [/^POST /, 2, 'data'],
];

/** `asked`: method and target. */
export function costOf(asked: string): Cost {
  const [, calls, kind] = costs.find(([pattern]) => pattern.test(asked)) ?? [/./, 1, 'data' as const];
  const shown = kind === 'data' ? 0 : kind === 'page' ? pageMs : pageMs + markdownMs;
  return { calls, ms: answerMs + calls * callMs + shown };
}
