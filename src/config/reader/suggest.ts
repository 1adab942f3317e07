/** "Did you mean": finds the known word nearest to an unknown one. */

/** `; did you mean …?`, or the list of known words if it is short, or nothing. */
export function suggest(word: string, known: Iterable<string>): string {
  const words = [...known];
  const near = words
    .map((candidate) => ({ candidate, distance: distanceOf(plain(word), plain(candidate)) }))
    .sort((a, b) => a.distance - b.distance)[0];
  if (near !== undefined && near.distance <= Math.max(1, Math.floor(plain(word).length / 3)))
    return `; did you mean \`${near.candidate}\`?`;
  return words.length > 0 && words.length <= 20
    ? `; expected one of ${words.map((candidate) => `\`${candidate}\``).join(', ')}`
    : '';
}

/** `maxObject`, `max-object` and `MAX_OBJECT` are one mistake away from `max_object`, not three. */
const plain = (word: string): string =>
  word
    .slice(0, 60)
    .replace(/[-_\s]/g, '')
    .toLowerCase();

/** The edits (insert, remove, exchange) between two words. */
function distanceOf(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const exchange = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(exchange, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
