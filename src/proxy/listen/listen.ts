/** How a listener takes up an address, or why it cannot. */

import type { AddressInfo } from 'node:net';
import type { Address } from '../../config/config.ts';

/** The proxy cannot listen on an address. `code` is the system's: `EADDRINUSE`, `EACCES`, … */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly listener: 'listen' | 'redirect' | 'control';
  readonly address: Address;
  readonly code: string;

  constructor(listener: 'listen' | 'redirect' | 'control', address: Address, cause: unknown) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    super(`cannot listen on ${address.host}:${address.port} (${code})`, { cause });
    this.listener = listener;
    this.address = address;
    this.code = code;
  }
}

/** Opens one of the two listeners; gives its URL. Rejects with a `ListenError`. */
export async function listen(
  listener: 'listen' | 'redirect' | 'control',
  address: Address,
  open: (address: Address) => Promise<AddressInfo>,
): Promise<string> {
  try {
    return urlOf(await open(address));
  } catch (error) {
    throw new ListenError(listener, address, error);
  }
}

const urlOf = ({ address, family, port }: AddressInfo): string =>
  `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
