/**
 * Does shadow predict the hit rate of the day that follows? The same traffic in shadow and then cached, time pretended: a working
 * day of three people at CodeBot's stand-in, and BENCH_REQUESTS (3000) requests to the sample app.
 */

import {
  predictCodebot,
  type Prediction,
  predictSampleApp,
  startSampleAppInTime,
} from '../test/helpers/shadow-prediction.ts';
import { printMachine } from './parts/machine.ts';

const hours = [
  [8, 12],
  [13, 17],
  [20, 22.5],
] as const;
const count = Number(process.env['BENCH_REQUESTS'] ?? 3000);
const ends: (() => unknown)[] = [];
const t = { teardown: (end: () => unknown) => ends.push(end) };

printMachine();
print('CodeBot', await predictCodebot(t, { users: [1, 1003, 1004], hours }));
print('sample app', await predictSampleApp(t, { ...(await startSampleAppInTime(t)), count }));
for (const end of ends.toReversed()) await end();

function print(name: string, { shadow, measured }: Prediction): void {
  const { total } = shadow;
  const percent = (share = 0): string => `${(share * 100).toFixed(2)} %`;
  console.log(
    `${name}: ${percent(total?.hit_rate)} of ${total?.reads} reads predicted, ${percent(measured)} measured`,
  );
  console.log(`  ${JSON.stringify({ ...total, misses: undefined })}`);
}
