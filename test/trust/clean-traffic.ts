/** Traffic at an app without a fault, in shadow and without sockets: what is in quarantine afterwards? */

import { TestClock } from '../helpers/test-clock.ts';
import { seeded } from './advice/seeded.ts';
import { cleanApp, publicPages } from './clean-app.ts';
import { startWithoutSockets } from './without-sockets.ts';

/** A second passes between two exchanges. `asked`: so often the app was. */
export async function playCleanTraffic(
  exchanges: number,
  seed: number,
): Promise<{ readonly asked: number; readonly quarantined: readonly unknown[] }> {
  const clock = new TestClock();
  const random = seeded(seed);
  const app = cleanApp(random, clock);
  const site = await startWithoutSockets({ clock, app });
  const pick = <T>(all: readonly T[]): T | undefined => all[Math.floor(random() * all.length)];
  for (let count = 1; count <= exchanges; count += 1) {
    clock.advance(1);
    const reader = `session=reader-${Math.floor(random() * 50)}-0123456789abcdef; theme=dark`;
    const target = random() < 0.2 ? '/me/home' : `/${pick(publicPages) ?? ''}/${Math.floor(random() * 5)}`;
    await site.ask(target, random() < 0.3 ? [] : ['Cookie', reader]);
    // Background work has its turn too.
    if (count % 200 === 0) await new Promise(setImmediate);
  }
  await site.idle();
  const quarantined = await site.quarantined();
  await site.close();
  return { asked: app.asked(), quarantined };
}
