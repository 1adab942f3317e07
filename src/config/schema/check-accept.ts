/** Reads the section `accept`. */

import { appFields, lifetimeFields, purgeFields, tagFields } from '../../http/app-fields.ts';
import { bool, word } from '../reader/read-scalar.ts';
import { listOf, or, type Reader, section } from '../reader/reader.ts';
import { type Accept, acceptDefaults } from './accept-config.ts';

export const accept: Reader<Accept> = section({
  tags: or(listOf(word(tagFields)), acceptDefaults.tags),
  lifetimes: or(listOf(word(lifetimeFields)), acceptDefaults.lifetimes),
  purges: or(listOf(word(purgeFields)), acceptDefaults.purges),
  no_vary_search: or(bool, acceptDefaults.noVarySearch),
  remove: or(listOf(word(appFields)), acceptDefaults.remove),
});
