/** Any character, for the strings of fast-check: its own unit of that kind costs a second of a core and 85 MB in each process. */
import fc from 'fast-check';

/** One code point that is no half of a surrogate pair. */
export const anyCharacter = fc
  .oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((code) => String.fromCodePoint(code));
