/**
 * `${NAME}` and `${NAME:-default}` in values, taken from the environment.
 *
 * Promises: what is substituted is never read as YAML again, so no variable can add a key or end a string; an
 * unsubstituted reference never gets through. `$${` stands for a plain `${`. As in the shell, the default also holds for
 * a variable that is set but empty.
 *
 * A reference must survive YAML's own reading of braces (`{ token: ${TOKEN} }`), so the braces of well-formed references
 * are exchanged for two private characters before the text is parsed, length unchanged, and recognised here afterwards.
 */

export type Environment = Readonly<Record<string, string | undefined>>;

const open = '\uE000';
const close = '\uE001';

/** The text with the braces of references made invisible to YAML. Offsets stay what they were. */
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

/** Replaces the references in one value; the first that cannot be replaced decides. */
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
