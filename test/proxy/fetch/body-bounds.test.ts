import t from 'tap';
import { BodyWatch } from '../../../src/proxy/fetch/body-bounds.ts';
import { TestClock } from '../../helpers/test-clock.ts';
import { TestTimers } from '../../refresh/test-timers.ts';

t.test('a body is shared, let flow, and given up within its bounds', async (t) => {
  for (const [name, everySeconds, expected] of [
    ['without a piece', 100, ['1 share', '5 flow', '5 slow']],
    ['with pieces', 2, ['1 share', '5 flow', '20 slow']],
  ] as const) {
    const timers = new TestTimers(new TestClock());
    const told: string[] = [];
    let passed = 0;
    const watch = new BodyWatch(timers.later, {
      onShare: () => told.push(`${passed} share`),
      onFlow: () => told.push(`${passed} flow`),
      onSlow: () => {
        told.push(`${passed} slow`);
        watch.stop();
      },
    });
    for (passed = 1; passed <= 30; passed += 1) {
      await timers.advance(1, 1);
      if (passed % everySeconds === 0) watch.piece();
    }
    t.strictSame(told, expected, name);
  }
});
