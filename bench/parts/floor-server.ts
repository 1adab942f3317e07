/**
 * The least that relaying takes in this runtime: a socket in front that only looks for the end of a head, and behind it undici's
 * Pool, or sockets whose answers are read by a scanner. Nothing is decided, checked, counted or timed.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Pool, type Dispatcher } from 'undici';
import { argument, serveParent } from './child.ts';

const { url, client } = argument() as { readonly url: string; readonly client: 'undici' | 'socket' };
const { hostname, port } = new URL(url);
const blankLine = Buffer.from('\r\n\r\n');
const relay = client === 'undici' ? overUndici() : overSockets();

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', (bytes: Buffer) => {
    relay(bytes, socket);
  });
  socket.on('error', () => socket.destroy());
});
server.listen(0, '127.0.0.1', () => {
  serveParent(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

function overUndici() {
  const pool = new Pool(url, { connections: 128, pipelining: 1, keepAliveTimeout: 1500 });
  return (bytes: Buffer, socket: Socket): void => {
    const [line = '', ...lines] = bytes.toString('latin1', 0, bytes.indexOf(blankLine)).split('\r\n');
    const [method = '', path = ''] = line.split(' ');
    const headers = lines.flatMap((each) => each.split(': ', 2)).concat('X-Forwarded-For', '127.0.0.1');
    let head = '';
    const handler = {
      onConnect: () => undefined,
      onHeaders: (status: number, raw: readonly Buffer[]) => {
        head = `HTTP/1.1 ${status} OK\r\n`;
        for (let at = 0; at < raw.length; at += 2)
          head += `${raw[at]?.toString('latin1')}: ${raw[at + 1]?.toString('latin1')}\r\n`;
        return true;
      },
      onData: (chunk: Buffer) => socket.write(`${head}\r\n${chunk.toString('latin1')}`, 'latin1'),
      onComplete: () => undefined,
      onError: () => socket.destroy(),
    };
    const dispatch = { path, method, headers } as Dispatcher.DispatchOptions;
    pool.dispatch(dispatch, handler);
  };
}

type Kept = { readonly socket: Socket; asker: Socket | undefined; missing: number };

function overSockets() {
  const idle: Kept[] = [];
  return (bytes: Buffer, socket: Socket): void => {
    const end = bytes.indexOf(blankLine);
    const [line = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
    const headers = lines.flatMap((each) => each.split(': ', 2)).concat('X-Forwarded-For', '127.0.0.1');
    let text = `${line}\r\n`;
    for (let at = 0; at < headers.length; at += 2) text += `${headers[at]}: ${headers[at + 1]}\r\n`;
    const kept = idle.pop() ?? open(idle);
    kept.asker = socket;
    kept.socket.write(`${text}\r\n`, 'latin1');
  };
}

function open(idle: Kept[]): Kept {
  const kept: Kept = {
    socket: connect({ host: hostname, port: Number(port), noDelay: true }),
    asker: undefined,
    missing: 0,
  };
  kept.socket.on('data', (bytes: Buffer) => {
    if (kept.missing > 0) kept.missing -= bytes.length;
    else {
      const end = bytes.indexOf(blankLine) + blankLine.length;
      const head = bytes.toString('latin1', 0, end - blankLine.length).split('\r\n');
      let text = `${head[0]}\r\n`;
      let length = 0;
      for (let at = 1; at < head.length; at += 1) {
        const each = head[at] ?? '';
        const colon = each.indexOf(':');
        const name = each.slice(0, colon);
        if (name.length === 14 && name.toLowerCase() === 'content-length')
          length = Number(each.slice(colon + 1));
        text += `${name}: ${each.slice(colon + 2)}\r\n`;
      }
      kept.missing = end + length - bytes.length;
      kept.asker?.write(`${text}\r\n${bytes.toString('latin1', end)}`, 'latin1');
    }
    if (kept.missing <= 0) idle.push(kept);
  });
  kept.socket.on('close', () => {
    const at = idle.indexOf(kept);
    if (at === -1) kept.asker?.destroy();
    else idle.splice(at, 1);
  });
  kept.socket.on('error', () => kept.socket.destroy());
  return kept;
}
