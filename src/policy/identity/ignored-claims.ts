/**
 * Takes the claims that change no page (`identity.flask_session.ignore_claims`) out of a session's payload.
 *
 * Promise: two payloads have the same rest only if they differ in ignored claims alone. The text is compared, not what JSON
 * makes of it, so that two large numbers are never the same user.
 */

/** `rest` replaces the payload in the identity; `ignored` holds the text of each ignored claim that is there. */
export type SplitPayload = {
  readonly rest: readonly string[];
  readonly ignored: ReadonlyMap<string, string>;
};

/** Splits the text of a JSON object. */
export function splitPayload(json: string, names: readonly string[]): SplitPayload {
  const rest: string[] = [];
  const ignored = new Map<string, string>();
  for (const member of membersOf(json)) {
    const name = nameOf(member);
    if (name === undefined || !names.includes(name)) rest.push(member);
    else ignored.set(name, `${ignored.get(name) ?? ''}${member}`);
  }
  return { rest, ignored };
}

/** A string, a bracket, or a comma; what is between them decides nothing. */
const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]/gs;

/** The members of the object, as they are written. */
function membersOf(json: string): readonly string[] {
  const members: string[] = [];
  let depth = 0;
  let start = 0;
  for (const { 0: found, index } of json.matchAll(token)) {
    if (found === '{' || found === '[') {
      depth += 1;
      if (depth === 1) start = index + 1;
    } else if (found === '}' || found === ']') depth -= 1;
    if (depth !== (found === '}' ? 0 : 1) || (found !== ',' && found !== '}')) continue;
    members.push(json.slice(start, index));
    start = index + 1;
  }
  return members;
}

/** `undefined`: not a member, as in an empty object. */
function nameOf(member: string): string | undefined {
  const [, name] = /^\s*("[^"\\]*(?:\\.[^"\\]*)*")\s*:/s.exec(member) ?? [];
  return name === undefined ? undefined : (JSON.parse(name) as string);
}
