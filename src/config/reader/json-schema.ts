/**
 * What the readers accept, in JSON Schema (draft 7, which editors know): types, keys, words and the forms of values, not what
 * must agree between keys.
 */

export type JsonSchema = {
  readonly $schema?: string;
  readonly title?: string;
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | false;
  readonly minProperties?: number;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly anyOf?: readonly JsonSchema[];
  readonly not?: JsonSchema;
};

const definitions: JsonSchema['definitions'] = {
  reference: { type: 'string', pattern: '\\$\\{[A-Za-z_]\\w*(:-[^{}]*)?\\}' },
};
const reference: JsonSchema = { $ref: '#/definitions/reference' };

/** The schema of a whole file. */
export const fileSchema = (title: string, schema: JsonSchema): JsonSchema => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title,
  ...schema,
  definitions,
});

/** One of these, or text with a reference to the environment. */
export const orReference = (...schemas: readonly JsonSchema[]): JsonSchema => ({
  anyOf: [...schemas, reference],
});

/** Text that an expression matches as a whole, or that has a reference. */
export const textLike = (expression: RegExp): JsonSchema =>
  orReference({ type: 'string', pattern: expression.source });

type Described = Readonly<Record<string, { readonly schema: JsonSchema }>>;

/** The schemas of several readers. */
export const schemasOf = (readers: Described): Readonly<Record<string, JsonSchema>> =>
  Object.fromEntries(Object.entries(readers).map(([name, { schema }]) => [name, schema]));

type Keys = Readonly<
  Record<string, { readonly reader: { readonly schema: JsonSchema }; readonly absent: unknown }>
>;

/** A mapping with these keys and no others. A key without a default is required. */
export function sectionSchema(keys: Keys): JsonSchema {
  const entries = Object.entries(keys);
  const required = entries.flatMap(([name, { absent }]) => (absent === undefined ? [name] : []));
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, { reader }]) => [name, reader.schema])),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  };
}

/** Paths of the keys in a schema, such as `url`, `hours[].name`, `*.ttl`. Of several forms, the first that has keys. */
export function keysIn(schema: JsonSchema): readonly string[] {
  const { properties, additionalProperties, items, anyOf } = schema;
  if (anyOf !== undefined) return anyOf.map(keysIn).find((keys) => keys.length > 0) ?? [];
  if (items !== undefined) return keysIn(items).map((path) => joinPath('[]', path));
  if (typeof additionalProperties === 'object')
    return keysIn(additionalProperties).map((path) => joinPath('*', path));
  return Object.entries(properties ?? {}).flatMap(([name, below]) => [
    name,
    ...keysIn(below).map((path) => joinPath(name, path)),
  ]);
}

const joinPath = (name: string, path: string): string =>
  path.startsWith('[]') ? name + path : `${name}.${path}`;
