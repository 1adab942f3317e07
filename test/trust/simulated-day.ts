/**
 * A day at an origin whose pages change by planted processes, played in shadow and then cached: what was predicted, and what came.
 * Time is pretended; the same seed gives the same day.
 */

import { Agent, request as ask } from 'node:http';
import type { CountsView, ShadowReport } from '../../src/trust/shadow-report.ts';
import { type Site, startSite } from '../helpers/scripted-site.ts';
import { TestClock } from '../helpers/test-clock.ts';
import { seeded } from './advice/seeded.ts';

/** How pages change, in times an hour: one page by itself; three pages of one reader by a write that no rule names; all at once. */
export type Changes = { readonly alone?: number; readonly written?: number; readonly together?: number };

export type DaySetting = {
  readonly seed: number;
  readonly hours: number;
  readonly readsAnHour: number;
  readonly changes: Changes;
};

/** `hits` and `stale` are of the cached day. */
export type PlayedDay = {
  readonly predicted: CountsView;
  readonly reads: number;
  readonly hits: number;
  readonly stale: number;
};

const token = 'a-control-token-of-many-characters';
const rules = (mode: string): string => `
mode: ${mode}
control: { token: ${token} }
unmatched_writes: { url: true, user: false }
content_types:
  mine: { ttl: 10m, scope: user, cache_control: override, tags: ["mine:{user}"] }
  all: { ttl: 5m, scope: public, cache_control: override }
routes: [{ match: GET /mine/:page, type: mine }, { match: GET /all/:page, type: all }]
writes: [{ match: POST /save, invalidate: ["mine:{user}"] }]
`;

const pages = 6;
const users = ['ann', 'ben', 'cem'] as const;

/** Plays it twice. */
export async function playTrustDay(setting: DaySetting): Promise<PlayedDay> {
  const shadow = await play('shadow', setting);
  const full = await play('full', setting);
  if (shadow.report.total === null) throw new Error('nothing was counted');
  return { predicted: shadow.report.total, ...full.counts };
}

type Counted = Omit<PlayedDay, 'predicted'>;

async function play(
  mode: 'shadow' | 'full',
  setting: DaySetting,
): Promise<{ readonly counts: Counted; readonly report: ShadowReport }> {
  const clock = new TestClock();
  const versions = new Map<string, number>();
  const bodyOf = (path: string, user: string): string => {
    const name = path.startsWith('/all/') ? path : `${path} ${user}`;
    return `<p>${name}</p>\n<p>version ${versions.get(name) ?? 0}</p>\n`;
  };
  const site = await startSite(rules(mode), {
    clock,
    answer: (incoming, response) => {
      const user = (incoming.headers.cookie ?? '').replace('session=', '');
      response.setHeader('Content-Type', 'text/html');
      response.end(incoming.method === 'POST' ? 'done' : bodyOf(incoming.url ?? '', user));
    },
  });
  const client = new Client(site.url);
  const counts = { reads: 0, hits: 0, stale: 0 };
  try {
    for (const step of stepsOf(setting)) {
      clock.advance(step.afterSeconds);
      for (const name of step.changed) versions.set(name, (versions.get(name) ?? 0) + 1);
      const { body, isHit } = await client.ask(step);
      if (step.method === 'POST') continue;
      counts.reads += 1;
      if (isHit) counts.hits += 1;
      if (isHit && body !== bodyOf(step.path, step.user)) counts.stale += 1;
    }
    return { counts, report: await reportOf(site) };
  } finally {
    client.close();
    await site.close();
  }
}

async function reportOf({ proxy }: Site): Promise<ShadowReport> {
  await proxy.refresh.governor.idle();
  const headers = { authorization: `Bearer ${token}` };
  return (await (
    await fetch(`${proxy.controlUrl ?? ''}/api/cache/shadow`, { headers })
  ).json()) as ShadowReport;
}

/** A request, and what the origin has changed just before it answers. */
type Step = {
  readonly afterSeconds: number;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly user: string;
  readonly changed: readonly string[];
};

/** All of a day. */
function* stepsOf({ seed, hours, readsAnHour, changes }: DaySetting): Generator<Step> {
  const random = seeded(seed);
  const pageOf = (): number => Math.floor(random() ** 2 * pages);
  const userOf = (): string => users[Math.floor(random() * users.length)] ?? users[0];
  const { alone = 0, written = 0, together = 0 } = changes;
  // A write with a rule comes once an hour.
  const each = [readsAnHour, alone, written, together, 1] as const;
  const total = each.reduce((sum, one) => sum + one, 0);
  let waited = 0;
  let changed: string[] = [];
  for (let at = 0; ;) {
    const gap = (-Math.log(1 - random()) * 3600) / total;
    at += gap;
    if (at > hours * 3600) return;
    waited += gap;
    const [kind, page, user] = [pick(each, random() * total), pageOf(), userOf()];
    const isPublic = random() < 0.3;
    const mine = (which: number): string => `/mine/${which % pages} ${user}`;
    if (kind === 1) changed.push(isPublic ? `/all/${page}` : mine(page));
    if (kind === 3) changed.push(...everything);
    const target =
      kind === 0
        ? ({ method: 'GET', path: isPublic ? `/all/${page}` : `/mine/${page}` } as const)
        : ({ method: 'POST', path: kind === 2 ? '/other' : '/save' } as const);
    if (kind === 1 || kind === 3) continue;
    if (target.method === 'POST') changed.push(mine(page), mine(page + 1), mine(page + 2));
    yield { afterSeconds: waited, ...target, user, changed };
    [waited, changed] = [0, []];
  }
}

const numbers = Array.from({ length: pages }, (_, page) => page);
const everything = numbers.flatMap((page) => [
  `/all/${page}`,
  ...users.map((user) => `/mine/${page} ${user}`),
]);

function pick(weights: readonly number[], at: number): number {
  let left = at;
  const found = weights.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
  return Math.max(0, found);
}

class Client {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  ask({ method, path, user }: Step): Promise<{ readonly body: string; readonly isHit: boolean }> {
    return new Promise((resolve, reject) => {
      const headers = { cookie: `session=${user}` };
      ask(this.#url + path, { method, headers, agent: this.#agent }, (answer) => {
        let body = '';
        answer.setEncoding('utf8');
        answer.on('data', (text: string) => (body += text));
        const status = String(answer.headers['cache-status']);
        answer.on('end', () => {
          resolve({ body, isHit: status.includes('; hit') });
        });
      })
        .on('error', reject)
        .end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
