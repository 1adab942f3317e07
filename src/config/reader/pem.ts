/** Checks that a PEM file holds the certificates or key that TLS needs. */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { EpochMs } from '../../kit/time.ts';

export type PemKind = 'ca' | 'cert' | 'key';

const certificates = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** What is wrong with the text of a file; `undefined`: nothing. */
export function pemProblem(kind: PemKind, text: string): string | undefined {
  return kind === 'key' ? keyProblem(text) : certificateProblem(text);
}

/** Whether the key belongs to the first certificate. Both have been checked. */
export const isKeyOf = (key: string, cert: string): boolean =>
  new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));

/** Whether a certificate is for a host name; `*.` in front stands for a name below. */
export const isFor = (cert: string, name: string): boolean =>
  new X509Certificate(cert).checkHost(name.replace(/^\*\./, 'below.')) !== undefined;

/** Why a certificate is not valid now; `undefined`: it is. */
export function datesProblem(cert: string, now: EpochMs): string | undefined {
  const { validFromDate, validToDate } = new X509Certificate(cert);
  if (now > validToDate.getTime()) return `the certificate expired on ${dayOf(validToDate)}`;
  if (now < validFromDate.getTime()) return `the certificate is not valid before ${dayOf(validFromDate)}`;
  return undefined;
}

const dayOf = (date: Date): string => date.toISOString().slice(0, 10);

function certificateProblem(text: string): string | undefined {
  const found = text.match(certificates) ?? [];
  if (found.length === 0) return 'no certificate in PEM form';
  return found.every(isCertificate) ? undefined : 'not a valid certificate';
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).serialNumber !== '';
  } catch {
    return false;
  }
}

function keyProblem(text: string): string | undefined {
  if (/ENCRYPTED/.test(text)) return 'the key is encrypted; use one without a passphrase';
  try {
    createPrivateKey(text);
    return undefined;
  } catch {
    return 'no private key in PEM form';
  }
}
