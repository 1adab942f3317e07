/** Whether any copy is compared under a configuration: by shadow, a rollout or the audit. Asked for each outcome. */

import type { Config } from '../config/config.ts';
import { rolloutsOf } from '../policy/rules/share.ts';

/** Makes the function; it remembers the answer for the configuration in force. */
export function comparingBy(config: () => Config): () => boolean {
  let known: { readonly of: Config; readonly compares: boolean } | undefined;
  return () => {
    const inForce = config();
    if (known?.of !== inForce) known = { of: inForce, compares: compares(inForce) };
    return known.compares;
  };
}

function compares(config: Config): boolean {
  const { mode, audit, contentTypes, routes } = config;
  const isPartlyShadowed = [...contentTypes.values(), ...routes].some(({ shadow }) => shadow);
  return mode === 'shadow' || isPartlyShadowed || audit !== undefined || rolloutsOf(config).size > 0;
}
