/**
 * Markdown to HTML, for text that other people wrote.
 *
 * Promise: raw HTML in the text is shown, not obeyed; links and images go to http(s), mail or this site only.
 */
import { Marked } from 'marked';
import { escapeText, trusted, type Html } from './html.ts';

const renderer = new Marked({
  gfm: true,
  renderer: {
    html: ({ text }) => escapeText(text),
  },
  walkTokens: (token) => {
    if ((token.type === 'link' || token.type === 'image') && !isSafeTarget(String(token['href']))) {
      token['href'] = '#';
    }
  },
});

/** Renders Markdown to markup that is safe to put into a page. */
export const renderMarkdown = (text: string): Html => trusted(renderer.parse(text, { async: false }));

// A list of what is allowed: browsers resolve character references and drop control characters before they look
// for `javascript:`, so a search for the scheme alone would miss `&#106;avascript:`.
const isSafeTarget = (target: string): boolean =>
  /^(https?:\/\/|mailto:|[/?#])/i.test(target) || /^[\w.~/-]+([?#].*)?$/.test(target);
