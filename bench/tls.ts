/**
 * What do TLS and HTTP/2 cost at the public listener, beside nginx and node:http2's own server?
 *
 * Hits of 1 KB on 64 kept connections over HTTP/1.1, in 8 connections of 16 streams over HTTP/2, and whole handshakes one
 * after the other on 16 connections. Each server is alone on one core; rounds alternate. Printed as in `bench -- side-by-side`.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { alternate, loadCore, pinned, printRounds, type Server } from './parts/alternate.ts';
import { pageConfig, pageOrigin, startOrigin } from './parts/app.ts';
import { browserFields, requestText } from './parts/browser.ts';
import { certificate } from './parts/certificate.ts';
import { benchNodeOptions, startChild } from './parts/child.ts';
import type { LoadResult } from './parts/load-client.ts';
import { printMachine } from './parts/machine.ts';
import { isStored, oneAnswer } from './parts/one-answer.ts';
import { pin } from './parts/process-time.ts';
import { startRival } from './parts/rival.ts';
import { nginxOver } from './parts/rivals.ts';
import { startLoad } from './parts/rounds.ts';
import type { SecureLoad } from './parts/secure-client.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);
const durationMs = Number(process.env['BENCH_ROUND_MS'] ?? 1000);
const target = '/public/page';
const fields = browserFields('www.example.org');

printMachine();
const files = certificate();
const origin = await startOrigin(pageOrigin);
const rules = pageConfig(origin.url);
// What a hit is, as the baseline is to write it.
const model = await startChild('proxy-server.ts', rules);
await oneAnswer(model.url, target, fields);
const answer = await oneAnswer(model.url, target, fields);
if (!isStored(answer)) throw new Error(`${target} is not a hit`);
await model.stop();

const tls = `listen: { address: "127.0.0.1:0", tls: { cert: ${files.cert}, key: ${files.key} } }`;
const proxy = await startChild('proxy-server.ts', rules.replace('listen: 127.0.0.1:0', tls), {
  execArgv: benchNodeOptions(),
});
const node = await startChild('secure-server.ts', { ...files, answer });
const pair = `ssl_certificate ${files.cert}; ssl_certificate_key ${files.key};`;
const rival = await startRival(nginxOver(' ssl http2', pair), Number(new URL(origin.url).port));
const own = pinned({ name: 'shelflife', ...proxy });
const servers: Server[] = [pinned({ name: 'node:http2', ...node }), own];
if (rival === undefined) console.log('nginx is not installed: apt-get install nginx-light');
else servers.unshift(pinned({ ...rival, name: 'nginx', url: rival.url.replace('http:', 'https:') }));

const load = startLoad();
pin(load.pid, loadCore);
const client = fork(join(import.meta.dirname, 'parts', 'secure-client.ts'));
pin(client.pid ?? 0, loadCore);

const requests = [requestText({ method: 'GET', target, fields })];
await play('kept, HTTP/1.1', ({ url }) => load.ask({ url, requests, connections: 64, durationMs }));
const headers = Object.fromEntries([
  [':path', target],
  [':authority', 'www.example.org'],
  ...fields.flatMap((name, at) =>
    at % 2 === 0 && at > 2 ? [[name.toLowerCase(), fields[at + 1] ?? '']] : [],
  ),
]) as Record<string, string>;
await play('kept, HTTP/2', ({ url }) => secure({ url, what: 'streams', connections: 8, streams: 16 }));
await play('whole handshakes', ({ url }) => secure({ url, what: 'handshakes', connections: 16, streams: 1 }));
client.disconnect();
load.stop();
for (const one of [proxy, node, rival]) await one?.stop();
origin.server.close();

async function play(name: string, ask: (server: Server) => Promise<LoadResult>): Promise<void> {
  for (const server of servers) await ask(server);
  printRounds(name, await alternate(servers, rounds, ask), own);
}

async function secure(what: Omit<SecureLoad, 'headers' | 'durationMs'>): Promise<LoadResult> {
  client.send({ ...what, headers, durationMs } satisfies SecureLoad);
  const [result] = (await once(client, 'message')) as [LoadResult];
  return result;
}
