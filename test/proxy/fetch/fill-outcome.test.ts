import t from 'tap';
import type { FillEnd } from '../../../src/proxy/fetch/fill-input.ts';
import { FillOutcome } from '../../../src/proxy/fetch/fill-outcome.ts';
import { storedAt } from '../../store/entry.ts';
import { exchangeBut } from '../exchange-but.ts';
import { fillInputBut } from './fill-input-but.ts';

const well = { kind: 'forward', failure: undefined } as const;

/** A report, and what it told of the fetch. */
function reporting(isBackground = false) {
  const { exchange, outcomes, clock } = exchangeBut('unmatched: standard');
  const ends: FillEnd[] = [];
  const input = fillInputBut(exchange, { isBackground, onEnd: (end) => ends.push(end) });
  return { report: new FillOutcome(input, storedAt), outcomes, ends, clock };
}

t.test('a client’s outcome is told once, as it was given', async (t) => {
  const { report, outcomes, ends, clock } = reporting();
  clock.advance(2);
  report.tell(304, well);
  report.notStored = 'too-large';
  report.over(200, { end: { kind: 'failed', failure: 'truncated' }, status: 200 });
  t.match(outcomes, [
    { status: 304, kind: 'forward', miss: 'cold', originDuration: 2, notStored: undefined },
  ]);
  t.equal(outcomes.length, 1);
  t.strictSame(ends, [{ status: 200, entry: undefined, notStored: 'too-large', failure: 'truncated' }]);
});

t.test('with no client waiting only the end is told', async (t) => {
  const { report, outcomes, ends } = reporting(true);
  report.over(0, { end: well, status: 200 });
  t.strictSame([outcomes.length, ends.length], [0, 1]);
});

t.test('Cache-Status says whether the answer is stored, or why not, or how it failed', async (t) => {
  const { report, outcomes } = reporting();
  t.match(report.forwardStatus({}), { fwd: 'uri-miss', stored: false, detail: undefined });
  report.isKept = true;
  t.match(report.cacheStatus({}), /fwd=uri-miss; stored/);
  report.notStored = 'truncated';
  t.match(report.forwardStatus({ collapsed: true }), { stored: false, detail: 'truncated', collapsed: true });
  report.tell(200, { kind: 'failed', failure: 'reset' });
  t.match(outcomes[0]?.cacheStatus, { detail: 'reset' });
});
