#!/usr/bin/env bash
# saxes 6.0.0: after an unescaped `&` the parser goes on, but takes everything up to the next `;` for an entity's name.
#
# A sitemap with one sloppy URL, `<loc>/?a=1&b=2</loc>`, is not well-formed, so an `error` event is right. With a handler for
# it the parser continues; but it looks for the `;` beyond the end of the element. Every element up to there is lost as
# text of this one, without an event of its own. If no `;` follows, all that is left of the document is lost, its text too,
# and the only errors are unclosed tags at the end: none speaks of the `&`. sax 1.6.1, of which saxes is a fork, gives up
# the entity at the first character that no name can have, and loses nothing.
#
# Prints what was seen and exits 1 if that has changed. Needs node and npm.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact saxes@6.0.0 sax@1.6.1

cat >ampersand.mjs <<'EOS'
import sax from 'sax';
import { SaxesParser } from 'saxes';

const documents = {
  'a `;` follows': '<u><l>/?a=1&b=2</l><l>/lost</l><l>/?a=1&amp;b=2</l><l>/last</l></u>',
  'none follows': '<u><l>/?a=1&b=2</l><l>/lost</l><l>/last</l></u>',
};

function bySaxes(text) {
  const seen = [];
  const parser = new SaxesParser();
  parser.on('error', ({ message }) => seen.push(`error ${message}`));
  parser.on('opentag', ({ name }) => seen.push(`<${name}>`));
  parser.on('text', (piece) => seen.push(piece));
  parser.write(text).close();
  return seen;
}

function bySax(text) {
  const seen = [];
  const parser = sax.parser(true);
  parser.onerror = () => (parser.error = null);
  parser.onopentag = ({ name }) => seen.push(`<${name}>`);
  parser.ontext = (piece) => seen.push(piece);
  parser.write(text).close();
  return seen;
}

const seen = Object.fromEntries(Object.entries(documents).map(([name, text]) => [name, bySaxes(text)]));
console.log('saxes', seen);
console.log('sax', Object.fromEntries(Object.entries(documents).map(([name, text]) => [name, bySax(text)])));
const expected = {
  'a `;` follows': [
    '<u>',
    '<l>',
    'error 1:44: disallowed character in entity name.',
    '/?a=1&b=2</l><l>/lost</l><l>/?a=1&amp;b=2',
    '<l>',
    '/last',
  ],
  'none follows': [
    '<u>',
    '<l>',
    'error 1:47: unclosed tag: l',
    'error 1:47: unclosed tag: u',
    'error 1:47: unexpected end.',
    '/?a=1',
  ],
};
process.exitCode = JSON.stringify(seen) === JSON.stringify(expected) ? 0 : 1;
EOS
node ampersand.mjs
