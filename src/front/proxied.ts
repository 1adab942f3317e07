/**
 * Connections that a balancer passes on (PROXY protocol): who is behind each, before anything else is read of it.
 *
 * Promises: only a trusted proxy is believed, and it must name the client of every connection; all others are cut off.
 */

import type { Socket } from 'node:net';
import { readFirst } from './first-bytes.ts';
import { type ProxiedClient, type ProxyHeader, readProxyHeader } from './proxy-header.ts';
import { plainAddress } from './trusted-proxies.ts';

export type ProxyRefusal = 'untrusted' | 'missing' | 'malformed' | 'timeout';

export type ProxiedOptions = {
  readonly isTrusted: (address: string) => boolean;
  readonly onRefused: (reason: ProxyRefusal, peer: string) => void;
  readonly silenceMs: number;
};

/** Reads the header that a connection begins with; `onClient` hears who it is for, and takes the rest. */
export function takeProxied(
  socket: Socket,
  { isTrusted, onRefused, silenceMs }: ProxiedOptions,
  onClient: (client: ProxiedClient) => void,
): void {
  const peer = plainAddress(socket.remoteAddress ?? '');
  const refuse = (reason: ProxyRefusal): void => {
    socket.destroy();
    onRefused(reason, peer);
  };
  // Reset by now, as some health checks do it.
  if (peer === '') {
    socket.destroy();
    return;
  }
  if (!isTrusted(peer)) {
    refuse('untrusted');
    return;
  }
  const onRead = (header: Told): void => {
    if (header.kind === 'header') onClient(header.client);
    else refuse(header.reason);
  };
  const onTimeout = (): void => {
    refuse('timeout');
  };
  readFirst(socket, { read: toldBy, onRead, onTimeout, silenceMs });
}

type Told = Exclude<ProxyHeader, { kind: 'incomplete' }>;

function toldBy(bytes: Buffer): { readonly value: Told; readonly length: number } | undefined {
  const value = readProxyHeader(bytes);
  if (value.kind === 'incomplete') return undefined;
  return { value, length: value.kind === 'header' ? value.length : 0 };
}

/** Gives a connection the address of its client, and its TLS. One that is not named has none, and so is trusted by nobody. */
export function nameClient(socket: Socket, client: ProxiedClient): void {
  // As of a TLS socket: the scheme of its requests is https.
  if (client.isSecure === true) Object.defineProperty(socket, 'encrypted', { value: true });
  if (client.kind === 'sender') return;
  // RFC 7239 §6.2 has the word.
  namePeer(socket, client.kind === 'address' ? client.address : 'unknown');
}

/** Everything that asks a connection for its client's address gets this one. */
export function namePeer(socket: Socket, value: string): void {
  Object.defineProperty(socket, 'remoteAddress', { value, configurable: true });
}
