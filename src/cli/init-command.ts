/** `shelflife init --from-traffic FILE…`: drafts a rules file, and its examples, from a traffic record or access logs. */

import { createReadStream, existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type Command, InvalidArgumentError } from 'commander';
import { builtInConfig } from '../config/schema/check.ts';
import { renderProblem } from '../config/reader/problem.ts';
import { systemClock } from '../kit/time.ts';
import { readLogLine } from '../survey/access-log.ts';
import { askOrigin } from '../survey/ask-origin.ts';
import { askable } from '../survey/cautious.ts';
import { examplesText } from '../survey/draft-examples.ts';
import { rulesText } from '../survey/draft-yaml.ts';
import type { Draft } from '../survey/draft.ts';
import { survey, patternsOf } from '../survey/survey.ts';
import type { TrafficRecord } from '../survey/traffic-record.ts';
import { printable, type Terminal } from './terminal.ts';
import { reasonOf } from './pem-files.ts';

type Options = {
  readonly fromTraffic: readonly string[];
  readonly upstream: string;
  readonly out: string;
  readonly ask: number;
};

/** More are not read: they would need more memory than a small machine has. */
const mostExchanges = 500_000;
const pauseMs = 250;

/** Adds the command. */
export function addInit(program: Command, terminal: Terminal): void {
  program
    .command('init')
    .description('draft a rules file from traffic, with the evidence of each line')
    .requiredOption(
      '--from-traffic <file...>',
      'what `serve --record` has written, or access logs (combined, or JSON lines)',
    )
    .requiredOption('--upstream <url>', 'where the app is')
    .option(
      '-o, --out <file>',
      'the rules file to write; its examples go to FILE.test.yaml',
      'shelflife.yaml',
    )
    .option(
      '--ask <pages>',
      'how many pages of an access log to ask the app for, each twice',
      wholeNumber,
      20,
    )
    .action((options: Options) => init(terminal, options));
}

function wholeNumber(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('give a whole number, 0 for none.');
  return Number(text);
}

async function init(terminal: Terminal, { fromTraffic, upstream, out, ask }: Options): Promise<void> {
  const testFile = out.replace(/(?:\.ya?ml)?$/, '.test.yaml');
  for (const file of [out, testFile])
    if (existsSync(file)) {
      terminal.fail(`${file} exists; choose another with --out FILE, or move it away`);
      return;
    }
  const config = builtInConfig({ upstream, env: terminal.env });
  if (config.kind === 'problems') {
    terminal.tell(...config.problems.map(renderProblem));
    terminal.exitCode = 1;
    return;
  }
  const read = await readAll(terminal, fromTraffic);
  if (read === undefined) return;
  const { records, unread } = read;
  const logged = records.filter(({ seen }) => seen === undefined);
  const targets = askable(logged, patternsOf(records)).slice(0, ask);
  const asked = await askOrigin(
    targets.map(({ target }) => target),
    { upstream: config.config.upstream, clock: systemClock, pauseMs, onAsked: tellAsked(terminal) },
  );
  const draft = survey(records, asked);
  const from = `${spanOf(records)}, ${fromTraffic.map((file) => basename(file)).join(', ')}`;
  const examples = examplesText(draft, basename(out));
  try {
    await writeFile(out, rulesText({ draft, upstream, from }), { flag: 'wx' });
    if (examples !== undefined) await writeFile(testFile, examples, { flag: 'wx' });
  } catch (error) {
    terminal.fail(`${out} and its examples cannot be written: ${reasonOf(error)}`);
    return;
  }
  tellDone(terminal, { out, testFile: examples && testFile, draft, unread });
}

type Read = { readonly records: readonly TrafficRecord[]; readonly unread: number };

/** All exchanges of all files; `undefined`: it has said why there are none. */
async function readAll(terminal: Terminal, files: readonly string[]): Promise<Read | undefined> {
  const records: TrafficRecord[] = [];
  let unread = 0;
  for (const file of files) {
    try {
      unread += await readFileInto(records, file, terminal);
    } catch (error) {
      terminal.fail(`${file} cannot be read: ${reasonOf(error)}`);
      return undefined;
    }
  }
  if (records.length >= mostExchanges) terminal.tell(`only the first ${mostExchanges} exchanges count`);
  if (records.length > 0) return { records, unread };
  terminal.fail(
    `no exchange in ${files.join(', ')}; give what \`shelflife serve --record\` has written, or an access log (combined, or JSON lines)`,
  );
  return undefined;
}

/** How many of its lines tell of no exchange. Rejects if the file cannot be read. */
async function readFileInto(records: TrafficRecord[], file: string, terminal: Terminal): Promise<number> {
  let unread = 0;
  const source = createReadStream(file);
  const input = file.endsWith('.gz') ? pipeline(source, createGunzip(), failsAsItsEnd) : source;
  for await (const line of createInterface({ input })) if (!add(line, records, terminal)) unread += 1;
  return unread;
}

/** A failure is that of the stream's last part, which is read. */
const failsAsItsEnd = (): void => undefined;

/** Whether the line tells of an exchange, or of nothing at all. */
function add(line: string, records: TrafficRecord[], terminal: Terminal): boolean {
  const record = readLogLine(line);
  if (record === undefined) return line.trim() === '';
  if (records.length < mostExchanges) records.push(record);
  if (records.length % 50_000 === 0) terminal.tell(`${records.length} exchanges read`);
  return true;
}

function spanOf(records: readonly TrafficRecord[]): string {
  let [first, last] = [Infinity, 0];
  for (const { at } of records) [first, last] = [Math.min(first, at), Math.max(last, at)];
  const iso = (at: number): string => `${new Date(at).toISOString().slice(0, 16)}Z`;
  return `${iso(first)} to ${iso(last)}`;
}

const tellAsked =
  (terminal: Terminal) =>
  (done: number, of: number): void => {
    if (done % 10 === 0 || done === of) terminal.tell(`asked the app ${done} times of ${of}`);
  };

type Done = Pick<Options, 'out'> & {
  /** Absent: there is nothing to give examples of. */
  readonly testFile: string | undefined;
  readonly draft: Draft;
  readonly unread: number;
};

function tellDone(terminal: Terminal, { out, testFile, draft, unread }: Done): void {
  const { types, passed, seldom, writes, roles, cautious } = draft;
  if (unread > 0) terminal.tell(`${unread} lines tell of no exchange`);
  const cookies =
    roles.credentials.length === 0 ? 'no cookies seen' : printable(`cookies ${roles.credentials.join(', ')}`);
  terminal.print(
    `${roles.framework ?? 'framework not known'}; ${cookies}`,
    `${types.length + cautious.pages.length} routes, ${passed.length} passed, ${seldom.length} seen too seldom, ${writes.length + cautious.writes.length} writes`,
    `written: ${out}${testFile === undefined ? '; too little was seen for examples' : `, ${testFile}`}`,
    '',
    'next:',
    ...(roles.flask === undefined ? [] : ["  export SECRET_KEY=…    # the app's own"]),
    ...(testFile === undefined ? [] : [`  shelflife test ${testFile}`]),
    `  shelflife serve -c ${out} --shadow    # then: shelflife shadow`,
  );
}
