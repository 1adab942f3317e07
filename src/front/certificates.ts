/**
 * The certificates of the public listener, read from their files, and which of them a client gets.
 *
 * Promises: a pair that cannot be used is refused with its reason, and with it all others: there is never half a change.
 */

import { createHash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { ListenTls, ServerCertificate } from '../config/config.ts';

/** Everything that OpenSSL needs to speak for this listener. */
export type Certificates = {
  /** For `tls.Server.setSecureContext`: the first certificate, and what holds for the whole listener. */
  readonly first: SecureContextOptions;
  /** The context for a server name. Without one of its own: the first. */
  readonly contextFor: (serverName: string) => SecureContext;
  /** The same for the same files and settings. */
  readonly fingerprint: string;
};

export type CertificatesRead =
  | { readonly kind: 'ok'; readonly certificates: Certificates }
  | { readonly kind: 'refused'; readonly reason: string };

/** Reads the files and makes their contexts. */
export async function readCertificates(tls: ListenTls): Promise<CertificatesRead> {
  try {
    const common = { ...listenerOptions(tls), ca: tls.ca && (await readFile(tls.ca)) };
    const entries = await Promise.all(tls.certificates.map((one) => readEntry(one, common)));
    return { kind: 'ok', certificates: certificatesOf(entries) };
  } catch (error) {
    return { kind: 'refused', reason: error instanceof Error ? error.message : String(error) };
  }
}

type Entry = {
  readonly options: SecureContextOptions;
  readonly context: SecureContext;
  readonly isFor: (serverName: string) => boolean;
};

const listenerOptions = ({ minVersion, ciphers }: ListenTls): SecureContextOptions => ({
  minVersion: `TLSv${minVersion}`,
  ...(ciphers !== undefined && { ciphers }),
  // RFC 9325 §4.2.1: the server's order counts, so that a client cannot choose the weakest of its list.
  honorCipherOrder: true,
});

async function readEntry(
  { cert: certFile, key: keyFile, serverName }: ServerCertificate,
  common: SecureContextOptions,
): Promise<Entry> {
  const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
  const options = { ...common, cert, key };
  try {
    // OpenSSL compares the two.
    return { options, context: createSecureContext(options), isFor: namesOf(cert, serverName) };
  } catch (error) {
    throw new Error(`${certFile} and ${keyFile}: ${reasonOf(error)}`, { cause: error });
  }
}

const reasonOf = (error: unknown): string =>
  /key values mismatch/i.test(String(error))
    ? 'not the key of the certificate'
    : error instanceof Error
      ? error.message
      : String(error);

function namesOf(cert: Buffer, serverName: string | undefined): Entry['isFor'] {
  if (serverName === undefined) {
    const parsed = new X509Certificate(cert);
    return (name) => parsed.checkHost(name) !== undefined;
  }
  if (!serverName.startsWith('*.')) return (name) => name === serverName;
  const suffix = serverName.slice(1);
  return (name) => name.length > suffix.length && name.endsWith(suffix);
}

function certificatesOf(entries: readonly Entry[]): Certificates {
  const [first] = entries;
  if (first === undefined) throw new Error('no certificate');
  return {
    first: first.options,
    fingerprint: fingerprintOf(entries),
    // RFC 6066 §3: names are compared without regard to case.
    contextFor: (serverName) => {
      const name = serverName.toLowerCase();
      return (entries.find(({ isFor }) => isFor(name)) ?? first).context;
    },
  };
}

function fingerprintOf(entries: readonly Entry[]): string {
  const hash = createHash('sha256');
  for (const { options } of entries)
    hash.update(JSON.stringify([options.cert, options.key, options.ca, options.minVersion, options.ciphers]));
  return hash.digest('base64');
}
