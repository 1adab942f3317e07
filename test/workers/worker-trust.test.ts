/** What a worker makes of what its primary has decided, while one of the two knows more than the other. */

import t from 'tap';
import { epochMs } from '../../src/kit/time.ts';
import { LiveRollout } from '../../src/trust/live-rollout.ts';
import type { Quarantined } from '../../src/trust/quarantine.ts';
import type { ToPrimary } from '../../src/workers/messages.ts';
import { RolloutSums } from '../../src/trust/trust-share.ts';
import { createWorkerTrust } from '../../src/workers/worker-trust.ts';
import { configIn, upstream } from '../config/fixture.ts';
import { TestClock } from '../helpers/test-clock.ts';

const found: Quarantined = {
  ...{ route: '/greets', contentType: 'all', reason: 'session-echo', target: '/greets' },
  ...{ at: epochMs(1), places: [] },
};

t.test('17.1: what a worker has found stays in quarantine until the primary has decided on it', (t) => {
  const sent: ToPrimary[] = [];
  const nothing = { quarantined: [], rollouts: new Map() };
  const trust = createWorkerTrust(nothing, { send: (message) => void sent.push(message) });
  const routes = () => trust.quarantine.list().map(({ route }) => route);
  const finds = (): void => {
    trust.quarantine.add(found);
    trust.onFound(found);
  };
  finds();
  t.match(sent, [{ kind: 'found', found }]);
  trust.take(nothing);
  t.same(routes(), ['/greets'], 'the primary said this before it heard of it');
  trust.take({ ...nothing, quarantined: [found] });
  finds();
  t.same(routes(), ['/greets']);
  trust.take(nothing);
  t.same(routes(), [], 'lifted');
  t.end();
});

t.test('17.1: a percentage that is decided for another file is never exceeded, nor forgotten', (t) => {
  const [before, now, without] = ['rollout: { percent: 50 }', 'rollout: { percent: 60 }', ''].map((text) =>
    configIn(upstream + text),
  );
  if (before === undefined || now === undefined || without === undefined) throw new Error('no rules');
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const clock = new TestClock();
  const live = new LiveRollout({ clock, log, onChange: () => undefined });
  const decided = (percent: number): void => {
    live.adopt(new Map([['all', { percent, filePercent: 60, at: clock.now(), by: 'rollback', why: 'x' }]]));
  };
  decided(0);
  t.same([...live.percents(before)], [['all', 0]], 'the worker has the file of before');
  t.same([...live.percents(now)], [['all', 0]], 'and now the new one');
  decided(80);
  t.same([...live.percents(before)], [['all', 50]]);
  t.same([...live.percents(without)], []);
  t.same([...live.percents(now)], [['all', 80]]);
  t.end();
});

t.test('18.5: what was counted before another percentage is in force is not told as its evidence', (t) => {
  let config = configIn(upstream);
  const live = { values: new Map() };
  const sums = new RolloutSums({ config: () => config, live });
  const decide = (at: number): void => {
    live.values = new Map([
      ['all', { percent: 25, filePercent: 5, at: epochMs(at), by: 'an operator', why: undefined }],
    ]);
  };
  sums.count('all', { answers: 3 });
  decide(1);
  t.same([...sums.drain()], []);
  sums.count('all', { answers: 2 });
  decide(1);
  sums.count('all', { answers: 1 });
  t.match([...sums.drain()], [['all', { answers: 3 }]], 'the same decision, told again, ends nothing');
  sums.count('all', { answers: 1 });
  config = configIn(upstream);
  sums.count('all', { errors: 1 });
  t.match([...sums.drain()], [['all', { answers: 0, errors: 1 }]], 'nor is what was counted before a reload');
  t.end();
});
