/**
 * Are rules that `shelflife init` drafts from a day's record as good as those written by hand?
 *
 * Three people at CodeBot's stand-in for a working day; time is pretended. The day is recorded in shadow, then played by the drafted
 * rules and by config/codebot.yaml.
 */

import { startCodebot } from '../test/helpers/codebot-browser.ts';
import { type DayFigures, playDay } from '../test/helpers/codebot-day.ts';
import { readLogLine } from '../src/survey/access-log.ts';
import { rulesText } from '../src/survey/draft-yaml.ts';
import { survey } from '../src/survey/survey.ts';
import { printMachine } from './parts/machine.ts';

const hours = [
  [8, 12],
  [13, 17],
  [20, 22.5],
] as const;
const users = [1, 1003, 1004];

async function day(setting: Parameters<typeof startCodebot>[1]): Promise<DayFigures> {
  const ends: (() => Promise<void>)[] = [];
  const site = await startCodebot({ teardown: (end) => ends.push(end) }, setting);
  // The stand-in's clock begins at 18:00; the day at midnight.
  site.clock.advance(6 * 3600);
  const figures = await playDay(site, { users, hours });
  for (const end of ends) await end();
  return figures;
}

printMachine();
const lines: string[] = [];
const shadow = 'upstream: ${UPSTREAM_URL}\nmode: shadow\n';
await day({ rules: shadow, record: (line) => lines.push(line) });
const records = lines.map((line) => readLogLine(line)).filter((record) => record !== undefined);
const draft = survey(records, []);
const rules = rulesText({ draft, upstream: '${UPSTREAM_URL}', from: 'a day' });
console.log(`${lines.length} exchanges: ${draft.types.length} types, ${draft.writes.length} writes`);
const [drafted, written] = [await day({ rules }), await day({})];
const shown = ({ hits, reads, wrong }: DayFigures): string =>
  `${((hits / reads) * 100).toFixed(1)} % hits, ${wrong.length} wrong ${wrong.slice(0, 3).join('; ')}`;
console.log(`drafted          ${shown(drafted)}`);
console.log(`written by hand  ${shown(written)}`);
console.log(`drafted ÷ written ${(drafted.hits / written.hits).toFixed(3)}`);
