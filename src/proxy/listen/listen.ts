/** How a listener takes up an address, or why it cannot. */

import type { AddressInfo } from 'node:net';
import type { ListenAddress } from '../../config/config.ts';

/** The proxy cannot listen on an address. `code` is the system's: `EADDRINUSE`, `EACCES`, … */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly listener: 'listen' | 'redirect' | 'control';
  readonly address: ListenAddress;
  readonly code: string;

  constructor(listener: 'listen' | 'redirect' | 'control', address: ListenAddress, cause: unknown) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    super(`cannot listen on ${nameOf(address)} (${code})`, { cause });
    this.listener = listener;
    this.address = address;
    this.code = code;
  }
}

/** Opens one of the two listeners; gives its URL. Rejects with a `ListenError`. */
export async function listen(
  listener: 'listen' | 'redirect' | 'control',
  address: ListenAddress,
  open: (address: ListenAddress) => Promise<AddressInfo | string>,
): Promise<string> {
  try {
    const bound = await open(address);
    return typeof bound === 'string' ? bound : urlOf(bound);
  } catch (error) {
    throw new ListenError(listener, address, error);
  }
}

/** The address as the configuration writes it. */
export function nameOf({ host, port, path, systemd }: ListenAddress): string {
  if (systemd === true) return 'systemd';
  return path ?? `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

const urlOf = ({ address, family, port }: AddressInfo): string =>
  `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
