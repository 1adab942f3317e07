/** For a Fastify whose routes have no schemas: it then loads neither ajv nor fast-json-stringify, a hundred modules. */

function refuse(): never {
  throw new Error('a route has a schema, and nothing compiles it');
}

/** The option `schemaController`. */
export const withoutSchemas = { compilersFactory: { buildValidator: refuse, buildSerializer: refuse } };
