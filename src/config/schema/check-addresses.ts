/**
 * Checks that each listener has an address of its own.
 */

import { type YAMLMap, isMap } from 'yaml';
import type { Listen, ListenAddress } from '../config.ts';
import { type Reading, placeOfKey } from '../reader/reader.ts';

type Addresses = { readonly listen: Listen; readonly control: ListenAddress };

/** Reports two listeners with one address. `listen` is as the command line left it. */
export function checkAddresses({ listen, control }: Addresses, root: YAMLMap | undefined, at: Reading): void {
  const refuse = (section: YAMLMap | undefined, name: string, message: string): void => {
    const isThere = section?.has(name) === true;
    const [start, end] = section === undefined ? [0, 1] : placeOfKey(section, name);
    at.report('conflicting-keys', message, isThere ? [start, end] : [start, start + 1]);
  };
  if (isOne(control, listen))
    refuse(root, 'control', '`control` must have its own address, not that of `listen`');
  const { redirect } = listen;
  const section = root?.get('listen', true);
  const inListen = (key: string, message: string): void => {
    refuse(isMap(section) ? section : undefined, key, message);
  };
  if (listen.path !== undefined && listen.tls !== undefined)
    inListen('tls', 'a Unix socket stays on this machine: leave `tls` out');
  if (redirect !== undefined && (isOne(redirect, listen) || isOne(redirect, control)))
    inListen('redirect', '`redirect` must have its own address, not that of `listen` or `control`');
}

const isOne = (a: ListenAddress, b: ListenAddress): boolean =>
  a.path !== undefined || b.path !== undefined ? a.path === b.path : isOnePort(a, b);

const isOnePort = (a: ListenAddress, b: ListenAddress): boolean =>
  b.systemd === undefined &&
  a.port !== 0 &&
  a.port === b.port &&
  (a.host === b.host || isEvery(a.host) || isEvery(b.host));

const isEvery = (host: string): boolean => host === '0.0.0.0' || host === '::';
