/**
 * Replaces `${NAME}` and `${NAME:-default}` in values from the environment.
 *
 * Promises: a substituted value is never parsed as YAML, so no variable can add a key or end a string. No unsubstituted
 * reference gets through. `$${` stands for a plain `${`. As in the shell, the default also applies to a variable that is set
 * but empty.
 *
 * A reference must survive YAML's own reading of braces (`{ token: ${TOKEN} }`). So the braces of well-formed references are
 * replaced by two private characters before parsing, with the length unchanged, and recognised here afterwards.
 */

export type Environment = Readonly<Record<string, string | undefined>>;

const open = '\uE000';
const close = '\uE001';

/** Replaces the braces of references with private characters. Offsets do not change. */
export function hideReferences(text: string): string {
  return text.replace(/\$\{([A-Za-z_]\w*(?::-[^{}\r\n]*)?)\}/g, `$$${open}$1${close}`);
}

/** The text as the operator wrote it. */
export function showReferences(text: string): string {
  return text.replaceAll(open, '{').replaceAll(close, '}');
}

export type Substituted =
  | { readonly kind: 'ok'; readonly text: string; readonly substituted: boolean }
  | { readonly kind: 'missing'; readonly name: string; readonly written: string }
  | { readonly kind: 'malformed'; readonly written: string };

const reference = new RegExp(`\\$\\$[{${open}]|\\$${open}(\\w+)(:-)?([^${close}]*)${close}|\\$\\{`, 'g');

/** Replaces the references in one value; the first failure decides. */
export function substitute(value: string, environment: Environment): Substituted {
  let text = '';
  let end = 0;
  let substituted = false;
  for (const match of value.matchAll(reference)) {
    const [whole, name, hasDefault, fallback] = match;
    text += showReferences(value.slice(end, match.index));
    end = match.index + whole.length;
    if (whole.startsWith('$$')) {
      text += '${';
      continue;
    }
    if (name === undefined) return { kind: 'malformed', written: whole };
    const found = lookUp(name, environment, hasDefault === undefined ? undefined : (fallback ?? ''));
    if (found === undefined) return { kind: 'missing', name, written: showReferences(whole) };
    text += found;
    substituted = true;
  }
  return { kind: 'ok', text: text + showReferences(value.slice(end)), substituted };
}

function lookUp(name: string, environment: Environment, fallback: string | undefined): string | undefined {
  const found = Object.hasOwn(environment, name) ? environment[name] : undefined;
  return found === '' || found === undefined ? (fallback ?? found) : found;
}
