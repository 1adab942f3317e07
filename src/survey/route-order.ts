/** In which order the patterns of a draft must stand: the first that matches a path decides. */

/** Sorts `/files/new` before `/files/:id`, and that before a folder's `/*`. */
export function byNarrowness(one: string, other: string): number {
  const [ones, others] = [one.split('/'), other.split('/')];
  for (let index = 0; index < Math.max(ones.length, others.length); index += 1) {
    const difference = widthOf(ones[index] ?? '') - widthOf(others[index] ?? '');
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether a path may match both. */
function mayMeet(one: string, other: string): boolean {
  const [ones, others] = [one.split('/'), other.split('/')];
  for (const [index, segment] of ones.entries()) {
    const beside = others[index];
    if (segment === '*' || beside === '*') return true;
    if (beside === undefined) return false;
    if (segment !== beside && widthOf(segment) + widthOf(beside) === 0) return false;
  }
  return ones.length === others.length;
}

/** Whether the wide pattern may take what the other matches, if it is asked first. */
export const mayTake = (wide: string, other: string): boolean =>
  mayMeet(wide, other) && byNarrowness(wide, other) >= 0;

/** Words of a draft hold neither `:` nor `*`. */
const widthOf = (segment: string): number => (segment === '*' ? 2 : segment.startsWith(':') ? 1 : 0);
