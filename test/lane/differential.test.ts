/**
 * With the lane and without it a client gets the same bytes, and whoever watches hears of the same outcomes. A soak is
 * `scripts/lane-soak.ts`.
 */

import { connect } from 'node:net';
import t from 'tap';
import type { Outcome } from '../../src/proxy/exchange/outcome.ts';
import { closeProxy } from '../helpers/close-proxy.ts';
import { startProxy, startSite } from '../helpers/scripted-site.ts';
import { TestClock } from '../helpers/test-clock.ts';
import { type Dice, diceOf } from './heads.ts';
import { answer, randomBatch, randomRequests, rules, stored } from './streams.ts';

const streams = 80;

t.test('15.4: the lane changes no byte and no outcome', async (t) => {
  const site = await startSite('', { answer });
  t.teardown(() => site.close());
  const { url: upstream } = site.proxy.services.site().config.upstream;
  const clock = new TestClock();
  const [on, off] = await Promise.all(
    [true, false].map(async (isOn) => {
      const outcomes: Outcome[] = [];
      const text = `upstream: ${upstream}\nlisten: { fast_lane: ${isOn} }\n${rules}`;
      const proxy = await startProxy(text, { clock, outcomes });
      t.teardown(() => closeProxy(proxy));
      return { proxy, outcomes };
    }),
  );
  if (on === undefined || off === undefined) return;
  const both = async (requests: readonly (readonly string[])[]): Promise<void> => {
    const [one, other] = await Promise.all([on, off].map(({ proxy }) => exchange(proxy.url, requests)));
    if (one !== other) t.equal(one, other, JSON.stringify(requests));
  };
  const dice = diceOf(15);
  for (let count = 0; count < streams; count += 1)
    await both(randomRequests(dice).map((request) => cut(request, dice)));
  for (const target of stored)
    await both([[`GET ${target} HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n`]]);
  for (let count = 0; count < streams; count += 1) await both([cut(randomBatch(dice), dice)]);
  t.ok(on.outcomes.filter(({ kind }) => kind === 'hit').length > streams);
  // Requests sent at once may end in any order.
  t.strictSame(on.outcomes.map(essenceOf).sort(), off.outcomes.map(essenceOf).sort());
});

/** What does not depend on the moment. */
const essenceOf = ({
  kind,
  status,
  method,
  host,
  target,
  requestId,
  contentType,
  route,
  cacheStatus,
  pass,
  miss,
}: Outcome) =>
  JSON.stringify({
    kind,
    status,
    method,
    host,
    target,
    contentType,
    route,
    cacheStatus,
    pass,
    miss,
    requestId: requestId === 'abc',
  });

/** The bytes in one to four pieces. */
function cut(text: string, dice: Dice): string[] {
  const at = Array.from({ length: dice(4) }, () => dice(text.length)).sort((a, b) => a - b);
  return [0, ...at].map((from, index) => text.slice(from, at[index])).filter((piece) => piece !== '');
}

/** All that comes back, without what differs between two instants. Each request waits for the answer to the one before. */
function exchange(url: string, requests: readonly (readonly string[])[]): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let text = '';
    let sent = 0;
    let from = 0;
    const socket = connect({ port: Number(port), host: hostname, noDelay: true });
    const send = (pieces: readonly string[]): void => {
      const [piece, ...rest] = pieces;
      if (piece === undefined || !socket.writable) return;
      socket.write(piece, 'latin1', () => setImmediate(send, rest));
    };
    const next = (): void => {
      send(requests[sent] ?? []);
      sent += 1;
    };
    socket.on('connect', next);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const isHead = requests[sent - 1]?.join('').startsWith('HEAD') === true;
      if (sent === requests.length || !isWhole(text.slice(from), isHead)) return;
      from = text.length;
      next();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(text.replace(/^Date: .*\r\n/gm, ''));
    });
  });
}

/** Whether this is one answer from beginning to end. */
function isWhole(text: string, isHead: boolean): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return false;
  const hasBody = !isHead && !/^HTTP\/1.1 (?:204|304)/.test(text);
  const length = hasBody ? Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0) : 0;
  return text.length >= end + 4 + length;
}
