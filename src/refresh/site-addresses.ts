/**
 * Lists the schemes and hosts that clients use for this site. Fetching a path ahead of them needs both: they are in the
 * key.
 */

import type { Config } from '../config/config.ts';
import type { Wanted } from './demand.ts';

export type SiteAddress = { readonly scheme: 'http' | 'https'; readonly host: string };

/** Rarely used names are skipped. */
const leastShare = 0.1;
const mostAddresses = 4;

/**
 * The names of `listen.hosts`, else those that clients used, else the listener's own; under `upstream.host: upstream`
 * one.
 */
export function siteAddresses(config: Config, originHost: string, wanted: readonly Wanted[]): SiteAddress[] {
  const { listen, upstream } = config;
  const used = usedAddresses(wanted);
  const scheme = used[0]?.scheme ?? 'http';
  if (upstream.host === 'upstream') return [{ scheme, host: originHost }];
  const served = (listen.hosts ?? []).filter((host) => !host.startsWith('*.'));
  if (served.length > 0) {
    const known = used.filter(({ host }) => served.includes(host.replace(/:\d+$/, '')));
    return (known.length > 0 ? known : served.map((host) => ({ scheme, host }))).slice(0, mostAddresses);
  }
  if (used.length > 0) return used;
  const isAnyAddress = listen.host === '0.0.0.0' || listen.host === '::';
  const name = isAnyAddress ? 'localhost' : listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  const isDefaultPort = listen.port === (scheme === 'https' ? 443 : 80);
  return [{ scheme, host: isDefaultPort ? name : `${name}:${listen.port}` }];
}

/** The addresses that clients used, the most frequent first. */
function usedAddresses(wanted: readonly Wanted[]): SiteAddress[] {
  const weights = new Map<string, { readonly address: SiteAddress; weight: number }>();
  let total = 0;
  for (const { form, weight } of wanted) {
    const { scheme, host } = form;
    const name = `${scheme}://${host}`;
    const before = weights.get(name);
    total += weight;
    if (before === undefined) weights.set(name, { address: { scheme, host }, weight });
    else before.weight += weight;
  }
  return [...weights.values()]
    .filter(({ weight }) => weight >= total * leastShare)
    .sort((one, other) => other.weight - one.weight)
    .slice(0, mostAddresses)
    .map(({ address }) => address);
}
