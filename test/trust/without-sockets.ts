/** The request path of a real server, asked without sockets, before an app that is a function: for a million exchanges. */

import type { OriginCall, OriginReceiver, OriginRequest } from '../../src/origin/call.ts';
import { nobody } from '../../src/proxy/exchange/reply.ts';
import { createReader } from '../../src/proxy/exchange/client-request.ts';
import { createPipeline } from '../../src/proxy/pipeline.ts';
import { publicPages } from './clean-app.ts';
import { startSite } from '../helpers/scripted-site.ts';
import type { TestClock } from '../helpers/test-clock.ts';

export type AppAnswer = { readonly type: string; readonly body: string };
export type App = (target: string, cookie: string) => AppAnswer;

const token = 'a-control-token-of-many-characters';
const rules = `
mode: shadow
control: { token: ${token} }
content_types:
  all: { ttl: 60s, scope: public, cache_control: override }
  mine: { ttl: 60s, scope: user, cache_control: override }
routes:
  - { match: GET /me/*, type: mine }
${publicPages.map((page) => `  - { match: "GET /${page}/:n", type: all }`).join('\n')}
`;

/** Starts it; `ask` resolves when the answer is complete. */
export async function startWithoutSockets({ clock, app }: { clock: TestClock; app: App }) {
  const site = await startSite(rules, { clock });
  const { services, refresh } = site.proxy;
  const send = ({ target, fields }: OriginRequest, receiver: OriginReceiver): OriginCall => {
    queueMicrotask(() => {
      const { type, body } = app(target, valueOf(fields, 'cookie'));
      const head = ['Content-Type', type, 'Content-Length', String(Buffer.byteLength(body))];
      receiver.onHead({ status: 200, fields: head, reasonPhrase: 'OK', framing: 'length' });
      receiver.onData(Buffer.from(body));
      receiver.onEnd([]);
    });
    return { abort: () => undefined, resume: () => undefined };
  };
  const pipeline = createPipeline({ ...services, origin: { ...services.origin, send } });
  const read = createReader({ hosts: undefined, trustedProxies: [] });
  const ask = async (url: string, fields: readonly string[]): Promise<void> => {
    const version = { httpVersion: '1.1', httpVersionMajor: 1, httpVersionMinor: 1 };
    const rawHeaders = ['Host', 'www.example.org', ...fields];
    const asked = read({
      method: 'GET',
      url,
      rawHeaders,
      ...version,
      socket: { remoteAddress: '127.0.0.1' },
    });
    if (asked.kind !== 'request') throw new Error(`refused: ${JSON.stringify(asked)}`);
    await pipeline(asked.request, nobody);
  };
  const report = async (name: string): Promise<unknown> => {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${site.proxy.controlUrl ?? ''}/api/cache/${name}`, { headers })).json();
  };
  const quarantined = async (): Promise<readonly unknown[]> =>
    ((await report('quarantine')) as { readonly routes: readonly unknown[] }).routes;
  return { ask, idle: () => refresh.governor.idle(), report, quarantined, close: () => site.close() };
}

function valueOf(fields: readonly string[], name: string): string {
  const at = fields.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name);
  return at === -1 ? '' : (fields[at + 1] ?? '');
}
