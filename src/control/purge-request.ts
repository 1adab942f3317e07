/**
 * Reads the body of `POST /purge` strictly: a misspelt field or an empty selector must never purge more or less than was
 * meant (CONTRACT §3).
 */

/** What to purge. At least one selector is given. */
export type PurgeRequest = {
  readonly urls: readonly string[];
  readonly tags: readonly string[];
  readonly users: readonly string[];
  readonly types: readonly string[];
  readonly prefixes: readonly string[];
  readonly everything: boolean;
  readonly soft: boolean;
  readonly dryRun: boolean;
};

export type ReadPurge =
  { readonly kind: 'ok'; readonly request: PurgeRequest } | { readonly kind: 'bad'; readonly detail: string };

const lists = ['urls', 'tags', 'users', 'types', 'prefixes'] as const;
const flags = ['everything', 'soft', 'dry_run'] as const;
const known: ReadonlySet<string> = new Set([...lists, ...flags]);

const bad = (detail: string): { readonly kind: 'bad'; readonly detail: string } => ({ kind: 'bad', detail });

/** Reads the body and its content type. */
export function readPurge(body: unknown, contentType: string | undefined): ReadPurge {
  if (!/^application\/json\s*(?:;|$)/i.test(contentType ?? ''))
    return bad('the body must be application/json');
  const parsed = parseObject(body);
  if (parsed.kind === 'bad') return parsed;
  const { fields } = parsed;
  for (const name of Object.keys(fields)) {
    if (!known.has(name))
      return bad(`unknown field ${JSON.stringify(name)}; the fields are ${[...known].join(', ')}`);
  }
  const problem = lists.map((name) => listProblem(name, fields[name])).find((found) => found !== undefined);
  if (problem !== undefined) return bad(problem);
  const wrongFlag = flags.find((name) => fields[name] !== undefined && typeof fields[name] !== 'boolean');
  if (wrongFlag !== undefined) return bad(`${wrongFlag} must be true or false`);
  const request = requestOf(fields);
  const selects = request.everything || lists.some((name) => request[name].length > 0);
  return selects
    ? { kind: 'ok', request }
    : bad(`nothing selected: give one of ${lists.join(', ')}, or everything: true`);
}

type JsonObject = Readonly<Record<string, unknown>>;

function parseObject(body: unknown): { kind: 'ok'; fields: JsonObject } | { kind: 'bad'; detail: string } {
  let value: unknown;
  try {
    value = JSON.parse(typeof body === 'string' ? body : '');
  } catch {
    // The parser's message quotes the body, which may hold anything.
    return bad('the body is not JSON');
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? { kind: 'ok', fields: value as JsonObject } : bad('the body must be a JSON object');
}

function listProblem(name: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) return `${name} must be a list of strings`;
  if (!value.every((item) => typeof item === 'string')) return `${name} must hold strings only`;
  return value.some((item) => item.trim() === '') ? `${name} holds an empty string` : undefined;
}

function requestOf(fields: JsonObject): PurgeRequest {
  const list = (name: (typeof lists)[number]): readonly string[] => (fields[name] ?? []) as readonly string[];
  return {
    urls: list('urls'),
    tags: list('tags'),
    users: list('users'),
    types: list('types'),
    prefixes: list('prefixes'),
    everything: fields['everything'] === true,
    soft: fields['soft'] === true,
    dryRun: fields['dry_run'] === true,
  };
}
