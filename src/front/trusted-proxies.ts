/** Whose word on a client is taken: the proxies in front that `listen.trusted_proxies` names. */

import ipaddr from 'ipaddr.js';
import { unixPeer } from '../config/config.ts';
import { BoundedMap } from '../kit/bounded-map.ts';

/** An IPv4 address as one, where the socket is an IPv6 one. */
export const plainAddress = (address: string): string =>
  address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;

/** The nearest address of a chain that is not a trusted proxy's: what is before it anybody may have written. */
export function clientAddress(chain: string, isTrusted: ReturnType<typeof trustOf>): string {
  const addresses = chain.split(', ');
  return addresses.findLast((address) => isTrusted?.(address) !== true) ?? addresses[0] ?? '';
}

/** Whether an address is one of these blocks'; `undefined`: none is. */
export function trustOf(blocks: readonly string[]): ((address: string) => boolean) | undefined {
  if (blocks.length === 0) return undefined;
  const parsed = blocks.filter((block) => block !== unixPeer).map((block) => ipaddr.parseCIDR(block));
  const remembered = new BoundedMap<string, boolean>(4096);
  const isUnixTrusted = blocks.includes(unixPeer);
  return (address) => {
    if (address === unixPeer) return isUnixTrusted;
    const before = remembered.get(address);
    if (before !== undefined) return before;
    const isIn = isInBlocks(address, parsed);
    remembered.set(address, isIn);
    return isIn;
  };
}

function isInBlocks(address: string, blocks: readonly [ipaddr.IPv4 | ipaddr.IPv6, number][]): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return blocks.some(([base, bits]) => base.kind() === parsed.kind() && parsed.match([base, bits] as never));
}
