/** `shelflife purge`: purges stored responses of a running proxy and prints the receipt. */

import type { Command } from 'commander';
import { controlOf, postControl, withControlOption } from './control-client.ts';
import { checkedAnswer } from './show-answer.ts';
import { collect, type Terminal } from './terminal.ts';

type Options = {
  readonly control: string;
  readonly url: readonly string[];
  readonly tag: readonly string[];
  readonly user: readonly string[];
  readonly type: readonly string[];
  readonly prefix: readonly string[];
  readonly all?: true;
  readonly soft?: true;
  readonly dryRun?: true;
  readonly json?: true;
};

const nothingMatched = 3;

/** Adds the command. */
export function addPurge(program: Command, terminal: Terminal): void {
  const command = program
    .command('purge')
    .description('purge stored responses; needs at least one selector, each may be repeated')
    .option('--url <url>', 'a path on every host, or an absolute URL', collect, [])
    .option('--tag <tag>', 'a tag', collect, [])
    .option('--user <user>', 'a user, as {user} in tags or as the partition in `GET /entries`', collect, [])
    .option('--type <name>', 'a content type', collect, [])
    .option('--prefix <start>', 'the start of a path, or of an absolute URL', collect, [])
    .option('--all', 'everything')
    .option('--soft', 'make stale instead of removing: still served where stale responses are allowed')
    .option('--dry-run', 'only count what would be purged')
    .option('--json', 'the receipt as JSON');
  withControlOption(command).action((options: Options) => purgeCommand(terminal, options));
}

async function purgeCommand(terminal: Terminal, options: Options): Promise<void> {
  const { url, tag, user, type, prefix, all, soft, dryRun } = options;
  const selectors = { urls: url, tags: tag, users: user, types: type, prefixes: prefix };
  if (all !== true && Object.values(selectors).every((list) => list.length === 0)) {
    terminal.fail('nothing selected: give --url, --tag, --user, --type, --prefix or --all');
    return;
  }
  const flags = { everything: all === true, soft: soft === true, dry_run: dryRun === true };
  const answer = await postControl(controlOf(terminal, options), '/purge', { ...selectors, ...flags });
  const receipt = checkedAnswer(terminal, answer, isReceipt);
  if (receipt === undefined) return;
  if (options.json === true) terminal.printJson(receipt);
  else terminal.print(receiptText(receipt, flags));
  if (receipt.matched === 0) terminal.exitCode = nothingMatched;
}

type Receipt = {
  readonly matched: number;
  readonly instances: { readonly known: number; readonly acknowledged: number };
  readonly took_ms: number;
};

function isReceipt(body: unknown): body is Receipt {
  const { matched, instances, took_ms } = (body ?? {}) as Readonly<Record<string, unknown>>;
  const { known, acknowledged } = (instances ?? {}) as Readonly<Record<string, unknown>>;
  return [matched, known, acknowledged, took_ms].every((value) => typeof value === 'number');
}

function receiptText(
  { matched, instances: { known, acknowledged }, took_ms }: Receipt,
  flags: { soft: boolean; dry_run: boolean },
): string {
  if (flags.dry_run) return `matched ${matched} (dry run: nothing was purged)`;
  const what = matched === 0 ? 'matched 0: nothing matched' : `matched ${matched}`;
  return `${what}; ${flags.soft ? 'soft purge, ' : ''}acknowledged by ${acknowledged} of ${known} instances, ${took_ms} ms`;
}
