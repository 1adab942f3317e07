/** The configuration in force, with the percentages that are in force in place of the file's. */

import type { Config } from '../config/config.ts';
import { openSite } from '../proxy/open-site.ts';
import { LiveRollout, type LiveRolloutOptions } from './live-rollout.ts';

type LiveSite = Omit<ReturnType<typeof openSite>, 'renewShares'> & { readonly live: LiveRollout };

/** Puts a configuration in force. */
export function openLiveSite(
  config: Config,
  options: Omit<LiveRolloutOptions, 'onChange'> & Omit<Parameters<typeof openSite>[1], 'live'>,
): LiveSite {
  const { clock, log, rolloutFile } = options;
  const onChange = (): void => {
    renewShares();
  };
  const live = new LiveRollout({ clock, log, rolloutFile, onChange });
  const { site, replaceSite, renewShares } = openSite(config, { ...options, live: live.percents });
  return { site, replaceSite, live };
}
