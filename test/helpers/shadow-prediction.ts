/**
 * Does shadow predict what comes? The same traffic twice, with the same pretended time: first in shadow, then cached. The reads
 * that were hits are counted from what clients got.
 */

import { readFileSync } from 'node:fs';
import type { Webapp } from '../../examples/webapp/app.ts';
import type { RunningServer } from '../../src/server.ts';
import type { ShadowReport } from '../../src/trust/shadow-report.ts';
import { drive, planOf } from '../e2e/demo-load.ts';
import { startSampleApp } from '../examples/sample-app.ts';
import { closeProxy } from './close-proxy.ts';
import { startCodebot } from './codebot-browser.ts';
import { type DayPlan, playDay } from './codebot-day.ts';
import { startProxy } from './scripted-site.ts';
import { TestClock } from './test-clock.ts';

/** `measured`: the share of reads that were hits when cached. */
export type Prediction = {
  readonly shadow: ShadowReport;
  readonly measured: number;
  readonly hitsInShadow: number;
  readonly quarantined: unknown;
};

type Ends = { readonly teardown: (end: () => Promise<void>) => unknown };
type Played = { readonly reads: number; readonly hits: number; readonly seen: Seen };
type Seen = Pick<Prediction, 'shadow' | 'quarantined'>;

const token = 'a-control-token-of-many-characters';

async function predictionOf(play: (mode: 'shadow' | 'full') => Promise<Played>): Promise<Prediction> {
  const [shadow, full] = [await play('shadow'), await play('full')];
  return { ...shadow.seen, hitsInShadow: shadow.hits, measured: full.hits / full.reads };
}

async function seenBy({ controlUrl, refresh }: RunningServer): Promise<Seen> {
  await refresh.governor.idle();
  const ask = async (path: string): Promise<unknown> => {
    const asked = { headers: { authorization: `Bearer ${token}` } };
    return (await fetch(`${controlUrl ?? ''}/api/cache/${path}`, asked)).json();
  };
  return { shadow: (await ask('shadow')) as ShadowReport, quarantined: await ask('quarantine') };
}

/** People at CodeBot's stand-in, by config/codebot.yaml; `hours` from midnight. */
export const predictCodebot = (t: Ends, plan: DayPlan): Promise<Prediction> =>
  predictionOf(async (mode) => {
    const site = await startCodebot(t, {
      hasControl: true,
      change: (rules) => ({
        ...rules,
        mode,
        control: { ...rules.control, token, host: '127.0.0.1', port: 0 },
      }),
    });
    // The stand-in's clock begins at 18:00.
    site.clock.advance(6 * 3600);
    const { wrong } = await playDay(site, plan);
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
    const reads = site.outcomes.filter(({ method }) => method === 'GET');
    const hits = reads.filter(({ kind }) => kind === 'hit').length;
    return { reads: reads.length, hits, seen: await seenBy(site.proxy) };
  });

/** `count` requests to the sample app, by config/demo.yaml, half a second apart. */
export const predictSampleApp = (
  t: Ends,
  { app, clock, secret, count }: SampleApp & { readonly count: number },
): Promise<Prediction> =>
  predictionOf(async (mode) => {
    const env = { WEBAPP_SECRET: secret, WEBAPP_PORT: new URL(app.url).port, SHELFLIFE_TOKEN: token };
    const rules = `mode: ${mode}\n${readFileSync('config/demo.yaml', 'utf8')}`;
    const proxy = await startProxy(rules, { clock, env });
    t.teardown(() => closeProxy(proxy));
    const beforeEach = (): void => {
      clock.advance(0.5);
    };
    const driven = await drive(proxy.url, planOf(count), { atOnce: 1, beforeEach });
    const reads = driven.filter(({ method }) => method !== 'POST' && method !== 'PUT');
    const hits = reads.filter(({ cacheStatus }) => cacheStatus.startsWith('hit')).length;
    return { reads: reads.length, hits, seen: await seenBy(proxy) };
  });

export type SampleApp = { readonly app: Webapp; readonly clock: TestClock; readonly secret: string };

/** The sample app, its time pretended. */
export async function startSampleAppInTime(t: Ends): Promise<SampleApp> {
  const clock = new TestClock();
  const secret = 'a secret for this test';
  const app = await startSampleApp({ secret, people: 4, clock, onError: () => undefined });
  t.teardown(() => app.close());
  return { app, clock, secret };
}
