/** Loads a TLS server: streams of HTTP/2 on kept connections, or one handshake after the other. It has a process of its own. */
import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectH2 } from 'node:http2';
import { connect } from 'node:tls';
import type { LoadResult } from './load-client.ts';

export type SecureLoad = {
  readonly url: string;
  readonly what: 'streams' | 'handshakes';
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly streams: number;
  readonly durationMs: number;
};

process.on('message', (load: SecureLoad) => {
  void run(load).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit(0));

async function run(load: SecureLoad): Promise<LoadResult> {
  const started = performance.now();
  const until = started + load.durationMs;
  const times: number[] = [];
  const timed = async (ask: () => Promise<void>): Promise<void> => {
    while (performance.now() < until) {
      const asked = performance.now();
      await ask();
      times.push(performance.now() - asked);
    }
  };
  if (load.what === 'streams') await overStreams(load, timed);
  else await Promise.all(Array.from({ length: load.connections }, () => timed(() => handshake(load.url))));
  times.sort((a, b) => a - b);
  const p99Ms = times[Math.floor(times.length * 0.99)] ?? Number.NaN;
  return { answers: times.length, wrong: 0, elapsedMs: performance.now() - started, p99Ms, cpuMs: undefined };
}

type Timed = (ask: () => Promise<void>) => Promise<void>;

async function overStreams({ url, headers, connections, streams }: SecureLoad, timed: Timed): Promise<void> {
  const sessions = Array.from({ length: connections }, () => connectH2(url, { rejectUnauthorized: false }));
  const busy = sessions.flatMap((session) =>
    Array.from({ length: streams }, () => timed(() => askOver(session, headers))),
  );
  await Promise.all(busy);
  for (const session of sessions) session.destroy();
}

async function askOver(session: ClientHttp2Session, headers: SecureLoad['headers']): Promise<void> {
  const stream = session.request(headers);
  stream.on('response', ({ ':status': status }) => {
    if (status !== 200) throw new Error(`answered with ${String(status)}`);
  });
  stream.resume();
  await once(stream, 'close');
}

/** A whole one: no session is resumed. */
async function handshake(url: string): Promise<void> {
  const { hostname: host, port } = new URL(url);
  const socket = connect({ host, port: Number(port), rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  socket.destroy();
}
