/**
 * Markup that cannot forget to escape: the `html` template.
 *
 * Promise: a string put into a template is text; only what came from `html` itself, or was named trusted, is markup.
 */

/** A piece of finished markup. */
export class Html {
  readonly #markup: string;

  constructor(markup: string) {
    this.#markup = markup;
  }

  toString(): string {
    return this.#markup;
  }
}

/** What may stand in a template: nothing for false, null and undefined; lists are joined. */
export type HtmlValue = Html | string | number | boolean | null | undefined | readonly HtmlValue[];

/** Builds markup from a template literal, escaping every value that is not markup itself. */
export const html = (parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html =>
  new Html(parts.map((part, index) => part + markupOf(values[index])).join(''));

/** Marks a string as markup. Only for what was made and escaped by a renderer. */
export const trusted = (markup: string): Html => new Html(markup);

/** Escapes text for element content and quoted attributes. */
export const escapeText = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');

const markupOf = (value: HtmlValue): string => {
  if (value instanceof Html) return value.toString();
  if (value === null || value === undefined || typeof value === 'boolean') return '';
  if (typeof value === 'string') return escapeText(value);
  if (typeof value === 'number') return String(value);
  return value.map(markupOf).join('');
};
