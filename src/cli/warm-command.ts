/** `shelflife warm`: makes a running proxy fetch pages in advance; shows a progress bar on a terminal, then a summary. */

import type { Command } from 'commander';
import { Presets, SingleBar } from 'cli-progress';
import { InvalidArgumentError } from 'commander';
import { controlOf, withControlOption } from './control-client.ts';
import { streamControl } from './control-stream.ts';
import { checkedAnswer } from './show-answer.ts';
import { collect, type Terminal } from './terminal.ts';

type Options = {
  readonly control: string;
  readonly url: readonly string[];
  readonly popular: number;
  readonly sitemap?: string;
  readonly json?: true;
};

/** Adds the command. */
export function addWarm(program: Command, terminal: Terminal): void {
  const command = program
    .command('warm')
    .description('fetch pages in advance; needs at least one of --url, --popular, --sitemap')
    .option('--url <path>', 'a path of the site; repeatable', collect, [])
    .option('--popular <n>', 'the N most requested pages', count, 0)
    .option('--sitemap <path>', 'every page listed in this sitemap of the site')
    .option('--json', 'the summary as JSON');
  withControlOption(command).action((options: Options) => warmCommand(terminal, options));
}

async function warmCommand(terminal: Terminal, options: Options): Promise<void> {
  const { url, popular, sitemap, json } = options;
  if (url.length === 0 && popular === 0 && sitemap === undefined) {
    terminal.fail('nothing to warm: give --url, --popular or --sitemap');
    return;
  }
  const bar = terminal.stderr.isTTY === true ? newBar() : undefined;
  const answer = await streamControl(controlOf(terminal, options), '/warm', {
    body: { urls: url, popular, ...(sitemap === undefined ? {} : { sitemap }) },
    onEvent: ({ name, data }) => {
      if (name === 'progress') bar?.show(data);
    },
  });
  bar?.stop();
  const counts = checkedAnswer(terminal, answer, areCounts);
  if (counts === undefined) return;
  if (json === true) terminal.printJson(counts);
  else terminal.print(summaryText(counts));
  if (counts.failed > 0) terminal.exitCode = 1;
}

/** A progress bar that starts once the total is known. */
function newBar(): { show: (data: unknown) => void; stop: () => void } {
  const bar = new SingleBar({ stream: process.stderr, clearOnComplete: true }, Presets.shades_classic);
  let hasBegun = false;
  return {
    show: (data) => {
      const { total, asked } = data as { readonly total: number; readonly asked: number };
      if (hasBegun) bar.update(asked);
      else bar.start(total, asked);
      hasBegun = true;
    },
    stop: () => {
      if (hasBegun) bar.stop();
    },
  };
}

const names = ['asked', 'warmed', 'fresh', 'refused', 'failed', 'took_ms'] as const;
type Counts = Readonly<Record<(typeof names)[number], number>>;

function areCounts(body: unknown): body is Counts {
  const counts = (body ?? {}) as Readonly<Record<string, unknown>>;
  return names.every((name) => typeof counts[name] === 'number');
}

function summaryText({ asked, warmed, fresh, refused, failed, took_ms }: Counts): string {
  const parts = [`${warmed} warmed`, `${fresh} already fresh`, `${refused} refused`, `${failed} failed`];
  return `asked ${asked}: ${parts.join(', ')}; ${(took_ms / 1000).toFixed(1)} s`;
}

function count(text: string): number {
  const value = Number(text);
  if (/^\d{1,6}$/.test(text)) return value;
  throw new InvalidArgumentError('It must be a whole number.');
}
