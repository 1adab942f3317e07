/** Several workers behind TLS: a session that began with one of them is resumed by all, also by one that is new. */

import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import t from 'tap';
import { authority } from '../helpers/certificates.ts';
import { eventually } from '../helpers/eventually.ts';
import { startVersionedApp, startWorkers } from '../helpers/several-workers.ts';

const ticketOf = async (socket: TLSSocket): Promise<Buffer> =>
  ((await once(socket, 'session')) as [Buffer])[0];

t.test('17.2: all workers resume a session, and a new one does', async (t) => {
  const app = await startVersionedApp(t);
  const { certify } = await authority(t);
  const { cert, key } = await certify('127.0.0.1');
  const { site, lines, isReady, process } = await startWorkers(
    t,
    `upstream: ${app.url}\nlisten: { workers: 2, tls: { cert: ${cert}, key: ${key} } }\nlog: { level: debug }\n`,
  );
  t.match(site, /^https:/);
  const { port } = new URL(site);
  const open = async (path: string, session?: Buffer) => {
    const socket = connect({ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false, session });
    t.teardown(() => socket.destroy());
    socket.write(`GET ${path} HTTP/1.1\r\nHost: site.test\r\n\r\n`);
    const [data, ticket] = [once(socket, 'data'), session ?? ticketOf(socket)];
    await data;
    return { isReused: socket.isSessionReused(), ticket: await ticket };
  };
  const workerOf = (path: string) => lines.find((line) => line['target'] === path)?.['worker'];
  /** Whether each worker has resumed it. */
  const resume = async (name: string, ticket: Buffer): Promise<void> => {
    const paths = [0, 1, 2, 3].map((index) => `/own/${name}-${index}`);
    for (const path of paths) t.ok((await open(path, ticket)).isReused, path);
    await eventually('the log has all', () => paths.every((path) => workerOf(path) !== undefined));
    t.strictSame(new Set(paths.map(workerOf)), new Set([1, 2]));
  };
  const { isReused, ticket } = await open('/own/first');
  t.notOk(isReused);
  await resume('both', ticket);
  const pid = Number(lines.findLast((line) => line['worker'] === 1 && line.msg === 'request')?.['pid']);
  t.not(pid, process.pid);
  globalThis.process.kill(pid, 'SIGKILL');
  const ended = (): boolean => lines.some(({ msg }) => /worker.*(ended|replaced|died)/.test(msg));
  await eventually('its end is noticed', ended);
  await eventually('another is ready', () => isReady(2));
  await resume('after', ticket);
});
