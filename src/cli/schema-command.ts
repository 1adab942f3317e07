/** `shelflife schema`: prints the JSON Schema of the configuration file, or of a file of examples. */

import { Argument, type Command } from 'commander';
import { exampleSchema } from '../config/examples/example-schema.ts';
import { configSchema } from '../config/schema/check.ts';
import type { Terminal } from './terminal.ts';

const schemas = { rules: configSchema, examples: exampleSchema };

/** Adds the command. */
export function addSchema(program: Command, terminal: Terminal): void {
  program
    .command('schema')
    .description('print the JSON Schema of the configuration file, for editors')
    .addArgument(
      new Argument('[of]', 'or that of the examples (*.test.yaml)')
        .choices(Object.keys(schemas))
        .default('rules'),
    )
    .action((of: keyof typeof schemas) => {
      terminal.printJson(schemas[of]);
    });
}
