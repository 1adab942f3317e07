/** What the primary accepts, and another process answers. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { HandOut } from '../../src/workers/hand-out.ts';
import { PublicListeners } from '../../src/workers/public-listeners.ts';

const script = `process.on('message', (message, socket) => { process.send('taken'); socket.end('hello'); });`;

t.test(
  '17.5: connections of a Unix socket are another process’s, and its file is gone after the stop',
  async (t) => {
    const folder = t.testdir({ 'worker.cjs': script });
    // The longest name of a socket is shorter than that of a test's folder.
    const short = mkdtempSync(join(tmpdir(), 'shelflife-unix-'));
    t.teardown(() => {
      rmSync(short, { recursive: true });
    });
    const path = join(short, 'a.sock');
    const worker = fork(join(folder, 'worker.cjs'));
    t.teardown(() => worker.kill('SIGKILL'));
    const handOut = new HandOut<Socket>((socket) => socket.destroy());
    handOut.join({
      name: '1.1',
      give: ({ socket, listener }) => worker.send(listener, socket, { keepOpen: true }),
    });
    worker.on('message', () => {
      handOut.onTaken('1.1', 0);
    });
    const listeners = new PublicListeners(handOut);
    t.equal(await listeners.opener('listen')({ host: '', port: 0, path }), `unix:${path}`);
    t.strictSame(listeners.addresses, { listen: `unix:${path}` });
    for (let round = 0; round < 2; round += 1) {
      const client = connect(path);
      await once(client, 'connect');
      t.equal(await text(client), 'hello');
    }
    await listeners.close();
    t.notOk(existsSync(path));
  },
);
