/** Takes up an address with as many listening sockets as it needs. */

import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import type { Address } from '../../config/config.ts';

export type Bound = { readonly address: AddressInfo; readonly listeners: readonly Server[] };

/** Listens; `localhost` means all its addresses, as far as they can be had. */
export async function bindAll({ host, port }: Address, create: () => Server): Promise<Bound> {
  const listeners: Server[] = [];
  const bind = async (address: Address): Promise<AddressInfo> => {
    const listener = create();
    listener.listen(address.port, address.host);
    await once(listener, 'listening');
    listeners.push(listener);
    return listener.address() as AddressInfo;
  };
  const bound = await bind({ host, port });
  if (host !== 'localhost') return { address: bound, listeners };
  const all = await lookup(host, { all: true }).catch(() => []);
  const others = all.filter(({ address }) => address !== bound.address);
  await Promise.allSettled(others.map(({ address }) => bind({ host: address, port: bound.port })));
  return { address: bound, listeners };
}
