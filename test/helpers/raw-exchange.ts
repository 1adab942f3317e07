/** Sends and receives raw bytes, for requests that no client library would send. */

import { connect } from 'node:net';

/** Sends the text and gives all that comes back until the connection ends, or has been silent for `silenceMs`. */
export function rawExchange(url: string, text: string, silenceMs = 60_000): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let received = '';
    socket.setTimeout(silenceMs, () => socket.destroy());
    socket.on('connect', () => socket.write(text, 'latin1'));
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') resolve(received);
      else reject(error);
    });
    socket.on('close', () => {
      resolve(received);
    });
  });
}
