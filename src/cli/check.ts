/** `shelflife check FILE`: checks the file and prints its compiled rules. */

import { type Command, Option } from 'commander';
import type { Config, ContentType, Route } from '../config/config.ts';
import { locatorOf, type Problem, renderProblem, type Warning } from '../config/reader/problem.ts';
import { tableLines } from '../kit/table.ts';
import { type EpochMs, type Seconds, systemClock } from '../kit/time.ts';
import { ruleLifetime } from '../policy/lifetime/ttl.ts';
import { annotation, type CheckFormat, checkFormats, placedProblem } from './check-format.ts';
import { loadConfig, type LoadedConfig, tellProblems } from './load-config.ts';
import type { Terminal } from './terminal.ts';

/** Adds the command. */
export function addCheck(program: Command, terminal: Terminal): void {
  program
    .command('check')
    .description('check a configuration file and print its rules')
    .argument('<file>', 'the configuration file')
    .option('--json', 'the rules, the writes and the warnings as JSON')
    .addOption(
      new Option('--format <format>', 'how to report problems').choices(checkFormats).default('text'),
    )
    .action(async (file: string, { json, format }: { json?: true; format: CheckFormat }) => {
      const loaded = await loadConfig({ file, env: terminal.env, upstreamMayBeMissing: true });
      if (loaded.kind !== 'ok') {
        if (format === 'text') tellProblems(terminal, loaded);
        else tellMachine(terminal, format, { problems: problemsOf(file, loaded), warnings: [] });
        terminal.exitCode = 1;
        return;
      }
      const { config, warnings } = loaded;
      if (format !== 'text') {
        tellMachine(terminal, format, { problems: [], warnings });
        return;
      }
      const rules = ruleRows(config, systemClock.now());
      const writes = writeRows(config);
      if (json === true) {
        terminal.printJson({
          routes: rules,
          writes,
          warnings: warnings.map(({ code, message, line, column }) => ({ code, message, line, column })),
        });
        return;
      }
      terminal.tell(...warnings.map(renderProblem));
      const cells = rules.map((row) => [row.route, row.content_type, row.scope, row.ttl, row.tags.join(' ')]);
      terminal.print(...tableLines([['ROUTE', 'CONTENT TYPE', 'SCOPE', 'TTL NOW', 'TAGS'], ...cells]));
      const writeCells = writes.map(({ write, invalidate }) => [write, invalidate.join(' ')]);
      terminal.print('', ...tableLines([['WRITE', 'MAKES STALE'], ...writeCells]));
    });
}

/** A file that cannot be read is a problem at its beginning. */
const problemsOf = (file: string, loaded: Exclude<LoadedConfig, { kind: 'ok' }>): readonly Problem[] =>
  loaded.kind === 'problems' ? loaded.problems : [locatorOf('', file)('bad-file', loaded.message, [0, 0])];

type Findings = { readonly problems: readonly Problem[]; readonly warnings: readonly Warning[] };

function tellMachine(terminal: Terminal, format: 'json' | 'github', { problems, warnings }: Findings): void {
  if (format === 'json') {
    terminal.printJson({ problems: problems.map(placedProblem), warnings: warnings.map(placedProblem) });
    return;
  }
  terminal.print(
    ...problems.map((one) => annotation('error', one)),
    ...warnings.map((one) => annotation('warning', one)),
  );
}

type RuleRow = {
  readonly route: string;
  readonly content_type: string;
  readonly scope: string;
  readonly ttl: string;
  readonly ttl_seconds: number | undefined;
  readonly tags: readonly string[];
};

function ruleRows(config: Config, now: EpochMs): RuleRow[] {
  const row = (route: string, typeName: string, tags: Route['tags']): RuleRow => {
    const type = config.contentTypes.get(typeName);
    if (type === undefined) throw new Error(`there is no content type ${typeName}`);
    const ttl = type.kind === 'rule' ? ttlNow(config, type, now) : undefined;
    return {
      route,
      content_type: typeName,
      scope: type.kind === 'rule' ? type.scope : '-',
      ttl: ttl === undefined ? (type.kind === 'pass' ? 'never stored' : "HTTP's own") : `${ttl} s`,
      ttl_seconds: ttl,
      tags: [...type.tags, ...tags].map(({ raw }) => raw),
    };
  };
  const routes = config.routes.map(({ methods, pattern, when, type, tags }) =>
    row(matchText(methods, pattern) + whenText(when), type, tags),
  );
  return [...routes, row('(anything else)', config.unmatched, [])];
}

/** The lifetime of a plain 200 at this hour: no factor holds, and no jitter. */
function ttlNow({ ttl }: Config, contentType: ContentType, now: EpochMs): Seconds {
  const facts = {
    requestFields: [],
    query: undefined,
    status: 200,
    responseFields: [],
    bodyBytes: 0,
    body: () => undefined,
    access: 'low',
  } as const;
  const plain = { ...ttl, jitter: 0, factors: [] };
  return ruleLifetime({
    ttl: plain,
    contentType,
    statusTtl: contentType.statuses.get(200),
    now,
    jitterKey: '',
    facts,
  }).lifetime;
}

const matchText = (methods: readonly string[], pattern: string): string => `${methods[0] ?? ''} ${pattern}`;

function whenText(when: Route['when']): string {
  const conditions = when.map((condition) => {
    const kind = condition.kind.replace('any_', '').replace('request_', '');
    return 'names' in condition
      ? `any ${kind} of ${condition.names.join(', ')}`
      : `${kind} ${condition.name}=${condition.value}`;
  });
  return conditions.length === 0 ? '' : ` when ${conditions.join(' and ')}`;
}

function writeRows({ writes, unmatchedWrites }: Config): { write: string; invalidate: readonly string[] }[] {
  const listed = writes.flatMap(({ matches, when, invalidate }) =>
    matches.map(({ methods, pattern }) => ({
      write: matchText(methods, pattern) + whenText(when),
      invalidate: invalidate.map(({ raw }) => raw),
    })),
  );
  const { url, user } = unmatchedWrites;
  const others = [...(url ? ['its own URL'] : []), ...(user ? ["its writer's entries"] : [])];
  return [...listed, { write: '(any other)', invalidate: others }];
}
