/** What the dashboard says in the language chosen. */

import { en } from './words-en.js';
import { he } from './words-he.js';

/** The words of a language: `he` or `en`. */
export const wordsOf = (language) => (language === 'en' ? en : he);
